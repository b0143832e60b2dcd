/** @file export.h
 * How public functions are marked. */
#ifndef LEBM_EXPORT_H
#define LEBM_EXPORT_H

#if defined(__GNUC__) || defined(__clang__)
#define LEBM_API __attribute__((visibility("default")))
#else
#define LEBM_API
#endif

#ifdef __cplusplus
#define LEBM_BEGIN_DECLS extern "C" {
#define LEBM_END_DECLS   }
#else
#define LEBM_BEGIN_DECLS
#define LEBM_END_DECLS
#endif

#endif
