#include "lebm/version.h"
#include "core/arithmetic.h"

#define TEXT_OF(number) #number
#define TEXT(number)    TEXT_OF(number)

const char *lebm_version(void)
{
    return TEXT(LEBM_VERSION_MAJOR) "." TEXT(LEBM_VERSION_MINOR) "." TEXT(LEBM_VERSION_PATCH);
}
