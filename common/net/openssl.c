/* SPDX-License-Identifier: MIT */
/* A table of functions, filled by name. */
#include "net/openssl.h"

#include <dlfcn.h>
#include <string.h>

bool openssl_load(struct openssl *openssl, const char **problem)
{
    /* libssl depends on libcrypto, whose names dlsym(3) then finds as well. */
    void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        *problem = dlerror();
        return false;
    }
#define OPENSSL_FIND(function)                            \
    {                                                     \
        void *found = dlsym(library, #function);          \
        if (found == NULL) {                              \
            *problem = dlerror();                         \
            return false;                                 \
        }                                                 \
        memcpy(&openssl->function, &found, sizeof found); \
    }
    OPENSSL_FUNCTIONS(OPENSSL_FIND)
#undef OPENSSL_FIND
    return true;
}
