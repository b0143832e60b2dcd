/* The library loaded while the program runs, used, and unloaded, twice. */
#include <dlfcn.h>
#include <lebm.h>
#include <stdio.h>
#include <string.h>

/* Look up a function; POSIX lets the pointer of an object be one of a function. */
static int find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL) fprintf(stderr, "%s\n", dlerror());
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static int use(const char *path)
{
    const char *(*version)(void);
    int (*create)(lebm_net * *out, const char *spec),
        (*forward)(const lebm_net *net, const float *in, int64_t n, float *out);
    void (*destroy)(lebm_net * net);
    lebm_net *net;
    const float in[2] = {1, -1};
    float out[2] = {5, 5};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    if (!find(library, "lebm_version", &version) || !find(library, "lebm_net_create_from_spec", &create) ||
        !find(library, "lebm_net_forward", &forward) || !find(library, "lebm_net_destroy", &destroy))
        return 1;
    if (create(&net, "in 2; relu") != LEBM_OK || forward(net, in, 1, out) != LEBM_OK) return 1;
    destroy(net);
    printf("liblatentebm %s: relu of (1, -1) is (%g, %g)\n", version(), out[0], out[1]);
    return out[0] != 1 || out[1] != 0 || dlclose(library) != 0;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "liblatentebm.so.0";
    return use(path) || use(path);
}
