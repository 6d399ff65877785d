/* SPDX-License-Identifier: MIT */
/*
 * What of a file is in the page cache, and keeping it as it was (--drop-cache).
 *
 * RWF_DONTCACHE (Linux 6.14) was tried and left: it is for read(2) and write(2) alone, was no faster (1 GB on
 * ext4, Linux 6.18, six pairs: 1.50 s by reading and writing so, 1.31 s by copy_file_range in windows), and
 * leaves what has been written in the cache until the system gets round to writing it, which for a file that
 * was overwritten in place took longer than the command. In windows the cache is as it was when the command
 * ends.
 */
#ifndef ZCP_CACHE_H
#define ZCP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes that are copied at a time; and pages of them, the smallest of which have 4 KiB. */
enum { CACHE_WINDOW = 8 * 1024 * 1024, CACHE_PAGES = CACHE_WINDOW / 4096 };

/* One file on its way, window by window. */
struct cache {
    int in, out;
    uint64_t start, end, former; /* of the window, and where the one before it started: bytes of the file */
    unsigned char was[CACHE_PAGES];  /* bit 0: the page of in was in memory before */
    unsigned char next[CACHE_PAGES]; /* the same of the window behind it, into which the system reads ahead */
    bool looked_ahead;
};

/* True when some page of the file is in memory; or when that is not for us to know: since Linux 5.2 only
 * who owns a file or may write to it is told (mincore(2)). */
bool cache_holds_some(int fd);

/* Before anything is read. The system's own reading ahead would bring in what nobody has looked at (8 MiB are
 * usual on virtual disks); it is told to read a window ahead instead. */
void cache_open(struct cache *cache);

/* Looks which pages of in are there, before it is read from an offset on. Returns where the window ends. */
uint64_t cache_begin(struct cache *cache, uint64_t offset);

/*
 * The window has been read up to end: what was not in memory before is dropped from there. written: to out as
 * well; the window of out begins to be written to the disk, and the window before it, which has had time for
 * that, is waited for and dropped. False with errno: the disk has not taken some of out.
 */
bool cache_end(struct cache *cache, uint64_t end, bool written);

/* The last window of out. False as above. */
bool cache_finish(const struct cache *cache);

#endif
