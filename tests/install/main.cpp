// The library from C++17: handles in smart pointers, statuses as exceptions, a callback that is a lambda.
#include <lebm.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{

template <auto destroy> struct Destroy {
    template <typename T> void operator()(T *handle) const noexcept
    {
        destroy(handle);
    }
};
using Prior = std::unique_ptr<lebm_prior, Destroy<lebm_prior_destroy>>;
using Sampler = std::unique_ptr<lebm_sampler, Destroy<lebm_sampler_destroy>>;

void check(int status)
{
    if (status != LEBM_OK) throw std::runtime_error(std::string(lebm_status_name(status)) + ": " + lebm_last_error());
}

Prior make_prior(const char *spec)
{
    lebm_net *net = nullptr;
    check(lebm_net_create_from_spec(&net, spec));
    check(lebm_net_init(net, LEBM_INIT_PYTORCH, 1));
    lebm_prior *prior = nullptr;
    const int status = lebm_prior_create(&prior, net, 1.0);
    lebm_net_destroy(net); // the prior holds it, if there is one
    check(status);
    return Prior(prior);
}

} // namespace

int main()
try {
    const Prior prior = make_prior("in 3; linear 8; silu; linear 1");
    lebm_sampler *made = nullptr;
    check(lebm_sampler_create(&made, LEBM_LANGEVIN));
    const Sampler sampler(made);

    int reports = 0;
    check(lebm_sampler_set_progress(
        sampler.get(), [](double, void *user) { return ++*static_cast<int *>(user), 0; }, &reports));
    std::vector<float> z(10 * 3);
    check(lebm_sampler_run_prior(sampler.get(), prior.get(), 10, z.data()));
    if (reports == 0) throw std::runtime_error("no progress was reported");

    try {
        make_prior("in 3; linear 2"); // not one output
    } catch (const std::runtime_error &error) {
        std::cout << "liblatentebm " << lebm_version() << ": " << error.what() << '\n';
        return 0;
    }
    throw std::runtime_error("a prior with two outputs was made");
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
