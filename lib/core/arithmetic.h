/* What every file of the library needs of its compiler: NaN and infinities that can be told from numbers, and each
 * operation rounded as it is written. CMakeLists.txt asks for it after all that a user or another project gives. */
#ifndef LEBM_CORE_ARITHMETIC_H
#define LEBM_CORE_ARITHMETIC_H

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) ||                               \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#error "liblatentebm cannot be compiled with -ffast-math, -Ofast or a part of them: no NaN would be noticed"
#endif

#endif
