#include "nn/recurrent_spec.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "nn/net.h"
#include "nn/spec_item.h"

static const char cell_grammar[] = "expected \"lstm UNITS [LAYERS] [noz]\" or \"gru UNITS [LAYERS] [noz]\"";

static const lebm__cell *recurrent_find_cell(const char *name)
{
    if (strcmp(name, lebm__lstm.name) == 0) return &lebm__lstm;
    return strcmp(name, lebm__gru.name) == 0 ? &lebm__gru : NULL;
}

static int recurrent_read_item(const char **spec, lebm__spec_words *item, const char *kind, const char *grammar)
{
    LEBM__TRY(lebm__spec_read_item(spec, item));
    return strcmp(item->word[0], kind) == 0 ? LEBM_OK : lebm__spec_malformed(item, grammar);
}

static int recurrent_read_in(const char **spec, lebm__recurrent_form *form)
{
    static const char grammar[] = "a spec begins with \"in N\", and ';' stands between items";
    lebm__spec_words item;
    LEBM__TRY(recurrent_read_item(spec, &item, "in", grammar));
    LEBM__TRY(lebm__spec_read_numbers(&item, 1, 1, &form->context, grammar));
    return lebm__check_range("spec: size of the input", form->context, 1, LEBM__MAX_FEATURES);
}

static int recurrent_read_embedding(const char **spec, lebm__recurrent_form *form)
{
    static const char grammar[] = "expected \"embedding SIZE [noz]\"";
    lebm__spec_words item;
    LEBM__TRY(recurrent_read_item(spec, &item, "embedding", grammar));
    form->steps_without_context = lebm__spec_take_flag(&item, "noz");
    LEBM__TRY(lebm__spec_read_numbers(&item, 1, 1, &form->embedding, grammar));
    return lebm__check_range("spec: size of the embedding", form->embedding, 1, LEBM__MAX_FEATURES);
}

static int recurrent_read_cell(const char **spec, lebm__recurrent_form *form)
{
    lebm__spec_words item;
    int64_t numbers[2] = {0, 1};
    LEBM__TRY(lebm__spec_read_item(spec, &item));
    form->cell = recurrent_find_cell(item.word[0]);
    if (form->cell == NULL) return lebm__spec_malformed(&item, cell_grammar);
    form->start_without_context = lebm__spec_take_flag(&item, "noz");
    LEBM__TRY(lebm__spec_read_numbers(&item, 1, 2, numbers, cell_grammar));
    form->units = numbers[0];
    form->layers = numbers[1];
    LEBM__TRY(lebm__check_range("spec: number of units", form->units, 1, LEBM__MAX_FEATURES));
    return lebm__check_range("spec: number of layers", form->layers, 1, LEBM__MAX_LAYERS);
}

static int recurrent_read_tokens(const char **spec, lebm__recurrent_form *form)
{
    static const char grammar[] = "expected \"tokens VOCABULARY LONGEST [tied]\", the last item";
    lebm__spec_words item;
    int64_t numbers[2];
    LEBM__TRY(recurrent_read_item(spec, &item, "tokens", grammar));
    form->is_tied = lebm__spec_take_flag(&item, "tied");
    LEBM__TRY(lebm__spec_read_numbers(&item, 2, 2, numbers, grammar));
    if (lebm__spec_goes_on(spec)) return lebm__spec_malformed(&item, grammar);
    form->tokens = numbers[0];
    form->longest = numbers[1];
    LEBM__TRY(lebm__check_range("spec: size of the vocabulary", form->tokens, 1, LEBM__MAX_TOKENS));
    LEBM__TRY(lebm__check_range("spec: length of the longest sequence", form->longest, 1, LEBM__MAX_LONGEST));
    if (!form->is_tied || form->embedding == form->units) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE,
                      "spec: an output tied to the embedding needs an embedding of the cell's size, but "
                      "these are %lld and %lld",
                      (long long)form->embedding, (long long)form->units);
}

int lebm__recurrent_parse(lebm__recurrent_form *form, const char *spec)
{
    *form = (lebm__recurrent_form){.cell = NULL};
    LEBM__TRY(recurrent_read_in(&spec, form));
    LEBM__TRY(recurrent_read_embedding(&spec, form));
    LEBM__TRY(recurrent_read_cell(&spec, form));
    return recurrent_read_tokens(&spec, form);
}

char *lebm__recurrent_print(const lebm__recurrent_form *form)
{
    enum { SIZE = 192 }; /* six numbers of up to eight digits, and the words */
    char layers[LEBM__SPEC_WORD_SIZE] = "", *spec = lebm__alloc_raw(SIZE, 1);
    if (spec == NULL) return NULL;
    if (form->layers > 1) snprintf(layers, sizeof layers, " %lld", (long long)form->layers);
    snprintf(spec, SIZE, "in %lld; embedding %lld%s; %s %lld%s%s; tokens %lld %lld%s", (long long)form->context,
             (long long)form->embedding, form->steps_without_context ? " noz" : "", form->cell->name,
             (long long)form->units, layers, form->start_without_context ? " noz" : "", (long long)form->tokens,
             (long long)form->longest, form->is_tied ? " tied" : "");
    return spec;
}
