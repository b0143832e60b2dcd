/** @file status.h
 * Status values, which never change, and the text of the last error. */
#ifndef LEBM_STATUS_H
#define LEBM_STATUS_H

#include "lebm/export.h"

#define LEBM_OK                 0     /**< success */
#define LEBM_STOPPED            1     /**< a callback asked to stop; nothing was changed */
#define LEBM_ERR_INVALID        (-1)  /**< an argument that is never allowed, such as NULL */
#define LEBM_ERR_NOMEM          (-2)  /**< out of memory */
#define LEBM_ERR_UNKNOWN_OPTION (-3)  /**< no option, metric or kind of that name */
#define LEBM_ERR_RANGE          (-4)  /**< a value outside its bounds; NaN always is */
#define LEBM_ERR_SHAPE          (-5)  /**< sizes that do not fit together */
#define LEBM_ERR_STATE          (-6)  /**< a call that is not allowed now */
#define LEBM_ERR_IO             (-7)  /**< the operating system refused to read or write */
#define LEBM_ERR_FORMAT         (-8)  /**< a file or spec that is not well-formed */
#define LEBM_ERR_VERSION        (-9)  /**< a file of a newer library, with what this one does not know */
#define LEBM_ERR_DIVERGED       (-10) /**< a chain or a step met a value that is not finite or has grown too far */
#define LEBM_ERR_UNSUPPORTED    (-11) /**< well-formed, but not something this build can do */
#define LEBM_ERR_INTERNAL       (-12) /**< a bug in the library: please report it */

LEBM_BEGIN_DECLS

/** The calling thread's last error in one line of UTF-8: what was wrong, the value given, the value allowed.
 * @return "" if nothing failed on this thread yet; else a string that this thread's next failure or stop overwrites
 * Threads: any; read it on the thread that made the failing call. @since 0.1.0 */
LEBM_API const char *lebm_last_error(void);

/** A status as its name, "LEBM_ERR_SHAPE" for -5.
 * @return a static string; "LEBM_ERR_?" for a value that is no status
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_status_name(int status);

LEBM_END_DECLS

#endif
