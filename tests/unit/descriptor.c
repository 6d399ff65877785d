/* SPDX-License-Identifier: MIT */
/* What a descriptor was opened for. */
#include "base/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include "unit.h"

int main(void)
{
    int ends[2], both = open("/dev/null", O_RDWR | O_CLOEXEC);

    check(descriptor_pipe(ends) && both >= 0, "there are a pipe and a device");
    check(descriptor_permits(ends[0], O_RDONLY) && !descriptor_permits(ends[0], O_WRONLY), "one end is read");
    check(descriptor_permits(ends[1], O_WRONLY) && !descriptor_permits(ends[1], O_RDONLY),
          "one is written to");
    check(descriptor_permits(both, O_RDONLY) && descriptor_permits(both, O_WRONLY), "some are for both");
    close(both);
    check(descriptor_permits(both, O_RDONLY), "what is not open is for others to tell");
    descriptor_close(&ends[0]);
    descriptor_close(&ends[1]);
    return unit_status();
}
