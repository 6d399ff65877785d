/* SPDX-License-Identifier: MIT */
/* One operand, and all that is below it, one thing after the other. */
#ifndef ZSEND_TREE_H
#define ZSEND_TREE_H

#include <stdbool.h>
#include <sys/stat.h>

enum tree_kind {
    TREE_ENTER, /* a directory, before what is in it */
    TREE_LEAVE, /* the same one behind that */
    TREE_THING, /* anything else */
    TREE_LOOP,  /* a directory that is one of those that lead to it */
    TREE_LOST,  /* errno says why nothing is known of it; status is of no use */
    TREE_UNREAD /* in place of TREE_LEAVE: errno says why the directory, or the rest of it, could not be read
                 */
};

struct tree_found {
    enum tree_kind kind;
    int dir;          /* where name is; valid until the next step */
    const char *name; /* below dir */
    const char *text; /* the whole way, beginning with the operand */
    bool is_operand;
    struct stat status; /* an operand that is a symbolic link is what it leads to, if that is there */
};

struct tree;

/* NULL with errno. The operand has to stay. */
struct tree *tree_open(const char *operand);

/* The next one. False: the end, or, with errno, the walk cannot go on. */
bool tree_next(struct tree *tree, struct tree_found *found);

void tree_close(struct tree *tree);

#endif
