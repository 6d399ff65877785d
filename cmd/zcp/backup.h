/* SPDX-License-Identifier: MIT */
/* -b: an existing destination is renamed before something takes its name. */
#ifndef ZCP_BACKUP_H
#define ZCP_BACKUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "place.h"
#include "settings.h"

/* The last component of the name that a backup of to would get now ("file~"). Nothing is renamed. */
void backup_name(const struct settings *settings, const struct place *to, char name[NAME_MAX + 1]);

/* Room for what backup_make tells. */
enum { BACKUP_TEXT = PATH_MAX + NAME_MAX + 1 };

/*
 * Renames to, in its directory, to such a name, which is put into made as to->text has it ("dir/file~"), or
 * alone if that is too long. made is empty if there is nothing to rename, or no backup is wanted. False: that
 * failed (reported).
 */
bool backup_make(const struct settings *settings, const struct place *to, char made[], size_t size);

/* Gives the backup its old name back, when no copy could be made. False: that failed (reported). */
bool backup_undo(const struct settings *settings, const struct place *to, const char *made);

#endif
