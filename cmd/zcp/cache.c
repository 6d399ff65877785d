/* SPDX-License-Identifier: MIT */
/* mincore(2), posix_fadvise(2) and sync_file_range(2). */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Which pages of a window that starts at an offset are in memory: a byte for each. False: nobody knows. */
static bool look(int fd, uint64_t offset, size_t length, unsigned char *pages)
{
    void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)offset);

    if (map == MAP_FAILED)
        return false;
    bool known = mincore(map, length, pages) == 0;
    munmap(map, length);
    return known;
}

bool cache_holds_some(int fd)
{
    unsigned char pages[CACHE_PAGES];
    struct stat status;

    if (fstat(fd, &status) != 0)
        return true;
    for (uint64_t at = 0; at < (uint64_t)status.st_size; at += CACHE_WINDOW) {
        uint64_t left = (uint64_t)status.st_size - at;
        size_t length = left < CACHE_WINDOW ? (size_t)left : CACHE_WINDOW;
        if (!look(fd, at, length, pages))
            return true;
        for (size_t i = 0; i * page_size() < length; i++)
            if (pages[i] & 1)
                return true;
    }
    return false;
}

/* Behind the end of a file no page is in memory. What nobody knows stays as it is. */
static void look_at(const struct cache *cache, uint64_t start, unsigned char pages[CACHE_PAGES])
{
    if (!look(cache->in, start, CACHE_WINDOW, pages))
        memset(pages, 1, CACHE_PAGES);
}

void cache_open(struct cache *cache)
{
    cache->looked_ahead = false;
    posix_fadvise(cache->in, 0, 0, POSIX_FADV_RANDOM);
}

uint64_t cache_begin(struct cache *cache, uint64_t offset)
{
    uint64_t start = offset - offset % CACHE_WINDOW;

    if (cache->looked_ahead && start == cache->start)
        return cache->end; /* the same window once more */
    if (cache->looked_ahead && start == cache->end)
        memcpy(cache->was, cache->next, sizeof cache->was);
    else
        look_at(cache, start, cache->was);
    cache->start = start;
    cache->end = start + CACHE_WINDOW;
    look_at(cache, cache->end, cache->next);
    posix_fadvise(cache->in, (off_t)cache->end, CACHE_WINDOW, POSIX_FADV_WILLNEED);
    cache->looked_ahead = true;
    return cache->end;
}

/* Drops what was not there before, run by run. */
static void drop_source(const struct cache *cache, uint64_t end)
{
    size_t page = page_size(), count = (size_t)(end - cache->start + page - 1) / page;

    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && (cache->was[next] & 1) == (cache->was[i] & 1);)
            next++;
        if (!(cache->was[i] & 1))
            posix_fadvise(cache->in, (off_t)(cache->start + i * page), (off_t)((next - i) * page),
                          POSIX_FADV_DONTNEED);
    }
}

/* sync_file_range(2). False with errno: the disk has not taken it, which fsync(2) would not tell once more.
 */
static bool write_out(const struct cache *cache, uint64_t start, uint64_t end, unsigned flags)
{
    return sync_file_range(cache->out, (off_t)start, (off_t)(end - start), flags) == 0 || errno == ENOSYS ||
           errno == EINVAL || errno == ESPIPE;
}

static bool drop_target(const struct cache *cache, uint64_t start, uint64_t end)
{
    const unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    bool written = write_out(cache, start, end, all);

    posix_fadvise(cache->out, (off_t)start, (off_t)(end - start), POSIX_FADV_DONTNEED);
    return written;
}

bool cache_end(struct cache *cache, uint64_t end, bool written)
{
    drop_source(cache, end);
    if (!written)
        return true;
    bool good = write_out(cache, cache->start, end, SYNC_FILE_RANGE_WRITE) &&
                (cache->former >= cache->start || drop_target(cache, cache->former, cache->start));
    cache->former = cache->start;
    return good;
}

bool cache_finish(const struct cache *cache)
{
    return drop_target(cache, cache->former, cache->end);
}
