/** @file version.h
 * The version of the headers and of the library that is loaded. */
#ifndef LEBM_VERSION_H
#define LEBM_VERSION_H

#include "lebm/export.h"

/** @name The version of these headers
 * @{ */
#define LEBM_VERSION_MAJOR 0 /**< first number; docs/abi.md says when each rises */
#define LEBM_VERSION_MINOR 1 /**< second */
#define LEBM_VERSION_PATCH 0 /**< third */
/** @} */

LEBM_BEGIN_DECLS

/** The version of the loaded library, as "major.minor.patch".
 * @return a static string
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_version(void);

/** One line for bug reports: version, compiler, the instruction set in use and the BLAS that serves the library.
 * @return a static string
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_build_info(void);

LEBM_END_DECLS

#endif
