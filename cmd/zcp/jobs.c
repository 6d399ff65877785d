/* SPDX-License-Identifier: MIT */
/* Processors and disks. */
#include "jobs.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/descriptor.h"

enum { MOST = 4, PATH = 256 };

/* A path in sysfs of the disk, which for a partition stands one level up. */
static void disk_path(char path[PATH], dev_t dev, const char *level, const char *what)
{
    snprintf(path, PATH, "/sys/dev/block/%u:%u/%s%s", major(dev), minor(dev), level, what);
}

/* virtio_blk says of every disk that it rotates: it is not told what the host has. */
static bool is_known(dev_t dev, const char *level)
{
    static const char unknown[] = "/virtio_blk";
    char path[PATH], driver[PATH];

    disk_path(path, dev, level, "device/driver");
    ssize_t n = readlink(path, driver, sizeof driver - 1);
    if (n < (ssize_t)strlen(unknown))
        return true;
    driver[n] = '\0';
    return strcmp(driver + n - strlen(unknown), unknown) != 0;
}

static bool rotational(dev_t dev, const char *level)
{
    char path[PATH], flag = '0';

    disk_path(path, dev, level, "queue/rotational");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool set = fd >= 0 && read(fd, &flag, 1) == 1 && flag == '1';
    descriptor_close(&fd);
    return set && is_known(dev, level);
}

/* Most operands are on the file system of the one before. */
static bool rotates(const char *name, dev_t *known)
{
    struct stat status;

    if (stat(name, &status) != 0 || status.st_dev == *known)
        return false;
    *known = status.st_dev;
    return rotational(status.st_dev, "") || rotational(status.st_dev, "../");
}

static bool a_disk_rotates(const struct settings *settings)
{
    const char *target = settings->target_directory ? settings->target_directory : ".";
    dev_t known = 0; /* no file system's */

    for (int i = 0; i < settings->operand_count; i++)
        if (rotates(settings->operands[i], &known))
            return true;
    return rotates(target, &known);
}

/* There is nothing to share. */
static bool is_one_file(const struct settings *settings)
{
    return !settings->recursive && settings->operand_count == 1 + (settings->target_directory == NULL);
}

static size_t processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

size_t jobs_choose(const struct settings *settings)
{
    if (is_one_file(settings))
        return 0;
    if (settings->transfer.rate != 0 || settings->transfer.debug) /* what has been refused is told once */
        return 0;
    if (settings->jobs > 0)
        return settings->jobs == 1 ? 0 : (size_t)settings->jobs;
    size_t most = processors();
    if (most > MOST)
        most = MOST;
    return most < 2 || a_disk_rotates(settings) ? 0 : most;
}
