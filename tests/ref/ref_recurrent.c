#include "ref/ref_recurrent.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/approx.h"

/* ---- parameters ---- */

static int64_t gates_of(const struct ref_recurrent *net)
{
    return (net->is_gru ? 3 : 4) * net->units;
}

static int64_t in_of(const struct ref_recurrent *net, int64_t layer)
{
    if (layer > 0) return net->units;
    return net->embedding + (net->steps_without_z ? 0 : net->latent);
}

/* Where tensors begin. */
struct places {
    int64_t embedding, start_weight, start_bias, output_weight, output_bias, end;
    int64_t weight_ih[8], weight_hh[8], bias_ih[8], bias_hh[8];
};

static struct places places_of(const struct ref_recurrent *net)
{
    struct places p = {.embedding = 0};
    const int64_t classes = net->tokens + 1, states = net->layers * net->units, gates = gates_of(net);
    int64_t next = classes * net->embedding;
    if (!net->start_without_z) {
        p.start_weight = next;
        p.start_bias = next += states * net->latent;
        next += states;
    }
    for (int64_t l = 0; l < net->layers; l++) {
        p.weight_ih[l] = next;
        p.weight_hh[l] = next += gates * in_of(net, l);
        p.bias_ih[l] = next += gates * net->units;
        p.bias_hh[l] = next += gates;
        next += gates;
    }
    p.output_weight = net->is_tied ? p.embedding : next;
    if (!net->is_tied) next += classes * net->units;
    p.output_bias = next;
    p.end = next + classes;
    return p;
}

void ref_recurrent_init(struct ref_recurrent *net)
{
    net->param_total = places_of(net).end;
    net->params = test_doubles(net->param_total);
}

void ref_recurrent_free(struct ref_recurrent *net)
{
    free(net->params);
}

void ref_recurrent_spec(const struct ref_recurrent *net, char *spec, int64_t size)
{
    char layers[24] = "";
    if (net->layers > 1) snprintf(layers, sizeof layers, " %lld", (long long)net->layers);
    snprintf(spec, (size_t)size, "in %lld; embedding %lld%s; %s %lld%s%s; tokens %lld %lld%s", (long long)net->latent,
             (long long)net->embedding, net->steps_without_z ? " noz" : "", net->is_gru ? "gru" : "lstm",
             (long long)net->units, layers, net->start_without_z ? " noz" : "", (long long)net->tokens,
             (long long)net->longest, net->is_tied ? " tied" : "");
}

int64_t ref_recurrent_steps(const struct ref_recurrent *net, int64_t length)
{
    return length < net->longest ? length + 1 : length;
}

/* ---- y = W x + b and its gradients ---- */

static void affine(const double *weight, const double *bias, int64_t out, int64_t in, const double *x, double *y)
{
    for (int64_t o = 0; o < out; o++) {
        y[o] = bias[o];
        for (int64_t i = 0; i < in; i++) y[o] += weight[o * in + i] * x[i];
    }
}

static void affine_back(const double *weight, int64_t out, int64_t in, const double *x, const double *dy, double *dx,
                        double *dweight, double *dbias)
{
    for (int64_t o = 0; o < out; o++) {
        dbias[o] += dy[o];
        for (int64_t i = 0; i < in; i++) {
            dx[i] += weight[o * in + i] * dy[o];
            dweight[o * in + i] += dy[o] * x[i];
        }
    }
}

/* ---- cells ---- */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* A step of a layer. */
struct step {
    double *in;              /* what enters it */
    double *h, *c;           /* state before */
    double *new_h, *new_c;   /* and after */
    double *by_in, *by_h;    /* W_ih x + b_ih, W_hh h + b_hh */
    double *gate;            /* [4 units]: i, f, g, o, or r, z, n */
    double *din, *dh, *dc;   /* gradients */
    double *dnew_h, *dnew_c; /* by the state after */
};

static void lstm(int64_t units, struct step *s)
{
    for (int64_t j = 0; j < units; j++) {
        const double i = sigmoid(s->by_in[j] + s->by_h[j]), f = sigmoid(s->by_in[units + j] + s->by_h[units + j]);
        const double g = tanh(s->by_in[2 * units + j] + s->by_h[2 * units + j]);
        const double o = sigmoid(s->by_in[3 * units + j] + s->by_h[3 * units + j]);
        s->new_c[j] = f * s->c[j] + i * g;
        s->new_h[j] = o * tanh(s->new_c[j]);
        const double gate[] = {i, f, g, o};
        for (int k = 0; k < 4; k++) s->gate[k * units + j] = gate[k];
    }
}

static void lstm_back(int64_t units, const struct step *s, double *dby_in, double *dby_h)
{
    for (int64_t j = 0; j < units; j++) {
        const double i = s->gate[j], f = s->gate[units + j], g = s->gate[2 * units + j], o = s->gate[3 * units + j];
        const double t = tanh(s->new_c[j]), dc = s->dnew_c[j] + s->dnew_h[j] * o * (1 - t * t);
        dby_in[j] = dc * g * i * (1 - i);
        dby_in[units + j] = dc * s->c[j] * f * (1 - f);
        dby_in[2 * units + j] = dc * i * (1 - g * g);
        dby_in[3 * units + j] = s->dnew_h[j] * t * o * (1 - o);
        s->dc[j] += dc * f;
        for (int k = 0; k < 4; k++) dby_h[k * units + j] = dby_in[k * units + j];
    }
}

static void gru(int64_t units, struct step *s)
{
    for (int64_t j = 0; j < units; j++) {
        const double r = sigmoid(s->by_in[j] + s->by_h[j]), z = sigmoid(s->by_in[units + j] + s->by_h[units + j]);
        const double n = tanh(s->by_in[2 * units + j] + r * s->by_h[2 * units + j]);
        s->new_h[j] = (1 - z) * n + z * s->h[j];
        s->gate[j] = r;
        s->gate[units + j] = z;
        s->gate[2 * units + j] = n;
    }
}

static void gru_back(int64_t units, const struct step *s, double *dby_in, double *dby_h)
{
    for (int64_t j = 0; j < units; j++) {
        const double r = s->gate[j], z = s->gate[units + j], n = s->gate[2 * units + j];
        const double dn = s->dnew_h[j] * (1 - z) * (1 - n * n), of_h = s->by_h[2 * units + j];
        dby_h[j] = dby_in[j] = dn * of_h * r * (1 - r);
        dby_h[units + j] = dby_in[units + j] = s->dnew_h[j] * (s->h[j] - n) * z * (1 - z);
        dby_in[2 * units + j] = dn;
        dby_h[2 * units + j] = dn * r;
        s->dh[j] += s->dnew_h[j] * z;
    }
}

/* ---- a sequence ---- */

/* All steps of all layers, in memory that grows as it is asked for. */
struct run {
    const struct ref_recurrent *net;
    struct places at;
    int64_t steps;
    struct step *step; /* [steps][layers] */
    double *logits;    /* [steps][classes], then probabilities */
    double *start, *dstart;
    double *memory, *next;
};

static double *take(struct run *r, int64_t count)
{
    double *taken = r->next;
    r->next += count;
    return taken;
}

static struct step *step_of(const struct run *r, int64_t t, int64_t layer)
{
    return &r->step[t * r->net->layers + layer];
}

static void run_create(struct run *r, const struct ref_recurrent *net, int64_t length)
{
    const int64_t states = net->layers * net->units, units = net->units, gates = 4 * units;
    *r = (struct run){.net = net, .at = places_of(net), .steps = ref_recurrent_steps(net, length)};
    const int64_t of_step = 8 * units + 3 * gates + 2 * (units + net->embedding + net->latent);
    r->memory = r->next = test_doubles(r->steps * (net->layers * of_step + net->tokens + 1) + 4 * states + 8 * states);
    r->step = test_alloc(r->steps * net->layers, sizeof *r->step);
    r->logits = take(r, r->steps * (net->tokens + 1));
    r->start = take(r, states);
    r->dstart = take(r, states);
    for (int64_t t = 0; t < r->steps; t++) {
        for (int64_t l = 0; l < net->layers; l++) {
            struct step *s = step_of(r, t, l), *before = t == 0 ? NULL : step_of(r, t - 1, l);
            s->in = take(r, in_of(net, l));
            s->din = take(r, in_of(net, l));
            s->h = before ? before->new_h : r->start + l * units;
            s->dh = before ? before->dnew_h : r->dstart + l * units;
            s->c = before ? before->new_c : take(r, units);
            s->dc = before ? before->dnew_c : take(r, units);
            s->new_h = take(r, units);
            s->new_c = take(r, units);
            s->dnew_h = take(r, units);
            s->dnew_c = take(r, units);
            s->by_in = take(r, gates);
            s->by_h = take(r, gates);
            s->gate = take(r, gates);
        }
    }
}

static double input_factor(const struct ref_recurrent *net, int64_t t, int64_t i)
{
    return net->input_factors ? net->input_factors[t * net->embedding + i] : 1;
}

static double output_factor(const struct ref_recurrent *net, int64_t t, int64_t j)
{
    return net->output_factors ? net->output_factors[t * net->units + j] : 1;
}

/* The class before step t, and the one that comes. */

static int64_t input_of(const struct run *r, const int64_t *x, int64_t t)
{
    return t == 0 ? r->net->tokens : x[t - 1];
}

static int64_t target_of(const struct run *r, const int64_t *x, int64_t length, int64_t t)
{
    return t < length ? x[t] : r->net->tokens;
}

static void run_forward(struct run *r, const double *z, const int64_t *x)
{
    const struct ref_recurrent *net = r->net;
    const double *p = net->params;
    if (!net->start_without_z) {
        affine(p + r->at.start_weight, p + r->at.start_bias, net->layers * net->units, net->latent, z, r->start);
    }
    for (int64_t t = 0; t < r->steps; t++) {
        for (int64_t l = 0; l < net->layers; l++) {
            struct step *s = step_of(r, t, l);
            const double *embedding = p + r->at.embedding + input_of(r, x, t) * net->embedding;
            for (int64_t i = 0; i < in_of(net, l); i++) {
                if (l > 0)
                    s->in[i] = step_of(r, t, l - 1)->new_h[i];
                else
                    s->in[i] = i < net->embedding ? embedding[i] * input_factor(net, t, i) : z[i - net->embedding];
            }
            affine(p + r->at.weight_ih[l], p + r->at.bias_ih[l], gates_of(net), in_of(net, l), s->in, s->by_in);
            affine(p + r->at.weight_hh[l], p + r->at.bias_hh[l], gates_of(net), net->units, s->h, s->by_h);
            (net->is_gru ? gru : lstm)(net->units, s);
        }
    }
}

/* The output of a step as the classes see it. */
static void see(const struct run *r, int64_t t, double *seen)
{
    const struct ref_recurrent *net = r->net;
    const double *output = step_of(r, t, net->layers - 1)->new_h;
    for (int64_t j = 0; j < net->units; j++) seen[j] = output[j] * output_factor(net, t, j);
}

/* log p of the targets; logits become probabilities. */
static double run_output(struct run *r, const int64_t *x, int64_t length)
{
    const struct ref_recurrent *net = r->net;
    const int64_t classes = net->tokens + 1;
    double sum = 0, *seen = test_doubles(net->units);
    for (int64_t t = 0; t < r->steps; t++) {
        double *logits = r->logits + t * classes, total = 0, largest = -INFINITY;
        see(r, t, seen);
        affine(net->params + r->at.output_weight, net->params + r->at.output_bias, classes, net->units, seen, logits);
        for (int64_t k = 0; k < classes; k++) largest = fmax(largest, logits[k]);
        for (int64_t k = 0; k < classes; k++) total += exp(logits[k] - largest);
        sum += logits[target_of(r, x, length, t)] - largest - log(total);
        for (int64_t k = 0; k < classes; k++) logits[k] = exp(logits[k] - largest) / total;
    }
    free(seen);
    return sum;
}

static void run_backward(struct run *r, const double *z, const int64_t *x, int64_t length, double *dz, double *dp)
{
    const struct ref_recurrent *net = r->net;
    const double *p = net->params;
    const int64_t classes = net->tokens + 1, gates = gates_of(net);
    double *dlogits = test_doubles(classes), *dby_in = test_doubles(gates), *dby_h = test_doubles(gates);
    double *seen = test_doubles(net->units), *dseen = test_doubles(net->units);
    for (int64_t t = r->steps - 1; t >= 0; t--) {
        struct step *top = step_of(r, t, net->layers - 1);
        for (int64_t k = 0; k < classes; k++) {
            dlogits[k] = (k == target_of(r, x, length, t)) - r->logits[t * classes + k];
        }
        see(r, t, seen);
        for (int64_t j = 0; j < net->units; j++) dseen[j] = 0;
        affine_back(p + r->at.output_weight, classes, net->units, seen, dlogits, dseen, dp + r->at.output_weight,
                    dp + r->at.output_bias);
        for (int64_t j = 0; j < net->units; j++) top->dnew_h[j] += dseen[j] * output_factor(net, t, j);
        for (int64_t l = net->layers - 1; l >= 0; l--) {
            struct step *s = step_of(r, t, l);
            (net->is_gru ? gru_back : lstm_back)(net->units, s, dby_in, dby_h);
            affine_back(p + r->at.weight_hh[l], gates, net->units, s->h, dby_h, s->dh, dp + r->at.weight_hh[l],
                        dp + r->at.bias_hh[l]);
            affine_back(p + r->at.weight_ih[l], gates, in_of(net, l), s->in, dby_in, s->din, dp + r->at.weight_ih[l],
                        dp + r->at.bias_ih[l]);
            for (int64_t i = 0; i < in_of(net, l); i++) {
                if (l > 0)
                    step_of(r, t, l - 1)->dnew_h[i] += s->din[i];
                else if (i < net->embedding)
                    dp[r->at.embedding + input_of(r, x, t) * net->embedding + i] += s->din[i] * input_factor(net, t, i);
                else
                    dz[i - net->embedding] += s->din[i];
            }
        }
    }
    if (!net->start_without_z) {
        affine_back(p + r->at.start_weight, net->layers * net->units, net->latent, z, r->dstart, dz,
                    dp + r->at.start_weight, dp + r->at.start_bias);
    }
    free(seen);
    free(dseen);
    free(dlogits);
    free(dby_in);
    free(dby_h);
}

double ref_recurrent_log_likelihood(const struct ref_recurrent *net, const double *z, const int64_t *x, int64_t length,
                                    double *grad_z, double *grad_params)
{
    struct run r;
    double *dz = test_doubles(net->latent), *dp = test_doubles(net->param_total);
    run_create(&r, net, length);
    run_forward(&r, z, x);
    const double sum = run_output(&r, x, length);
    if (grad_z || grad_params) run_backward(&r, z, x, length, dz, dp);
    for (int64_t i = 0; i < net->latent && grad_z; i++) grad_z[i] += dz[i];
    for (int64_t i = 0; i < net->param_total && grad_params; i++) grad_params[i] += dp[i];
    free(dz);
    free(dp);
    free(r.step);
    free(r.memory);
    return sum;
}
