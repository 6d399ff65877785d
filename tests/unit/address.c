/* SPDX-License-Identifier: MIT */
/* Checks how addresses are read, checked and written. */
#include "net/address.h"

#include <stddef.h>
#include <string.h>

#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_good(void)
{
    static const struct {
        const char *text, *host, *port, *shown;
    } rows[] = {
        {"localhost:9000", "localhost", "9000", "localhost:9000"},
        {"127.0.0.1:1", "127.0.0.1", "1", "127.0.0.1:1"},
        {"host:http", "host", "http", "host:http"},
        {"host:0", "host", "0", "host:0"},
        {"host:65535", "host", "65535", "host:65535"},
        {"[::1]:80", "::1", "80", "[::1]:80"},
        {"[fe80::1%lo]:80", "fe80::1%lo", "80", "[fe80::1%lo]:80"},
        {"[host]:80", "host", "80", "host:80"},
        {"unixhost:80", "unixhost", "80", "unixhost:80"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address address;
        char text[ADDRESS_TEXT];
        const char *problem = address_parse(rows[i].text, &address);
        if (check(problem == NULL, "'%s' is an address (%s)", rows[i].text, problem ? problem : "yes"))
            check(address.family == AF_UNSPEC && strcmp(address.host, rows[i].host) == 0 &&
                      strcmp(address.port, rows[i].port) == 0 &&
                      strcmp(address_text(&address, text), rows[i].shown) == 0,
                  "'%s' is port %s of %s, written %s", rows[i].text, address.port, address.host, text);
    }
}

static void check_bad(void)
{
    static const char *const rows[][2] = {
        {"", "missing port number"},
        {"host", "missing port number"},
        {"host:", "missing port number"},
        {"[::1]:", "missing port number"},
        {":80", "missing host name"},
        {"[]:80", "missing host name"},
        {"host:65536", "port number too large"},
        {"host:99999", "port number too large"},
        {"host:99999999999999999999", "port number too large"},
        {"::1:80", "an IPv6 address with a port is written [ADDRESS]:PORT"},
        {"::1", "an IPv6 address with a port is written [ADDRESS]:PORT"},
        {"[::1]", "an IPv6 address with a port is written [ADDRESS]:PORT"},
        {"[::1]80", "an IPv6 address with a port is written [ADDRESS]:PORT"},
        {"[::1:80", "an IPv6 address with a port is written [ADDRESS]:PORT"},
        {"unix:", "empty socket path"},
        {"vsock:", "a vsock address is written vsock:CID:PORT"},
        {"vsock:2", "a vsock address is written vsock:CID:PORT"},
        {"vsock:2:", "missing port number"},
        {"vsock::", "missing port number"},
        {"vsock:guest:1", "invalid CID"},
        {"vsock:-2:1", "invalid CID"},
        {"vsock:+2:1", "invalid CID"},
        {"vsock: 2:1", "invalid CID"},
        {"vsock:2x:1", "invalid CID"},
        {"vsock:4294967296:1", "invalid CID"},
        {"vsock:99999999999999999999:1", "invalid CID"},
        {"vsock:00000000000000002:1", "invalid CID"},
        {"vsock:2:http", "invalid port number"},
        {"vsock:2:-1", "invalid port number"},
        {"vsock:2:4294967296", "invalid port number"},
        {"vsock:2:1:1", "invalid port number"},
        {"vsock:2: 1", "invalid port number"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address address;
        const char *problem = address_parse(rows[i][0], &address);
        check(problem != NULL && strcmp(problem, rows[i][1]) == 0, "'%s': %s (it is: %s)", rows[i][0],
              rows[i][1], problem ? problem : "taken");
    }
}

static const char *parse_long(const char *before, size_t length, const char *after, struct address *address)
{
    static char text[4096];

    snprintf(text, sizeof text, "%s%0*d%s", before, (int)length, 0, after);
    return address_parse(text, address);
}

static void check_long(void)
{
    struct address address;
    const size_t room = sizeof((struct sockaddr_un *)0)->sun_path;

    check(parse_long("", NI_MAXHOST - 1, ":1", &address) == NULL, "the longest host name is taken");
    check(parse_long("", NI_MAXHOST, ":1", &address) != NULL, "a longer one is not");
    check(parse_long("", 4000, ":1", &address) != NULL, "a much longer one is not");
    check(parse_long("h:a", NI_MAXSERV - 2, "", &address) == NULL, "the longest service name is taken");
    check(parse_long("h:a", NI_MAXSERV - 1, "", &address) != NULL, "a longer one is not");
    check(parse_long("unix:", room - 1, "", &address) == NULL && strlen(address.path) == room - 1,
          "the longest socket path is taken");
    check(parse_long("unix:", room, "", &address) != NULL, "a longer one is not");
    check(parse_long("unix:@", room - 2, "", &address) == NULL, "a long abstract name is taken");
    check(parse_long("unix:@", 4000, "", &address) != NULL, "a much longer one is not");
}

static void check_unix(void)
{
    struct address address;
    struct sockaddr_storage to;
    const struct sockaddr_un *un = (const struct sockaddr_un *)&to;
    char text[ADDRESS_TEXT];
    const size_t head = offsetof(struct sockaddr_un, sun_path);

    check(address_parse("unix:/run/s:1", &address) == NULL && address.family == AF_UNIX,
          "a path may hold a colon");
    check(strcmp(address_text(&address, text), "/run/s:1") == 0, "a path is written as it is");
    check(address_to_sockaddr(&address, &to) == head + 9 && un->sun_family == AF_UNIX &&
              strcmp(un->sun_path, "/run/s:1") == 0,
          "a path is passed on with its NUL");
    check(address_parse("unix:@name", &address) == NULL && address.family == AF_UNIX,
          "@ is an abstract name");
    check(address_to_sockaddr(&address, &to) == head + 5 && memcmp(un->sun_path, "\0name", 5) == 0,
          "an abstract name is passed on without '@' and without a NUL behind it");
    check(address_parse("unix:relative", &address) == NULL && strcmp(address.path, "relative") == 0,
          "a path may be relative");
    parse_long("unix:", sizeof un->sun_path - 1, "", &address);
    check(address_to_sockaddr(&address, &to) == sizeof *un, "the longest path fills the socket address");
}

static void check_vsock(void)
{
    static const struct {
        const char *text, *shown;
        unsigned cid, port;
    } rows[] = {
        {"vsock:2:1234", "vsock:2:1234", VMADDR_CID_HOST, 1234},
        {"vsock:host:1234", "vsock:2:1234", VMADDR_CID_HOST, 1234},
        {"vsock:local:1", "vsock:1:1", 1, 1},
        {"vsock:hypervisor:1", "vsock:0:1", VMADDR_CID_HYPERVISOR, 1},
        {"vsock:0003:0080", "vsock:3:80", 3, 80},
        {"vsock:4294967294:4294967294", "vsock:4294967294:4294967294", 4294967294, 4294967294},
        {"vsock:any:1234", "vsock:any:1234", VMADDR_CID_ANY, 1234},
        {"vsock::1234", "vsock:any:1234", VMADDR_CID_ANY, 1234},
        {"vsock:-1:1234", "vsock:any:1234", VMADDR_CID_ANY, 1234},
        {"vsock:4294967295:1234", "vsock:any:1234", VMADDR_CID_ANY, 1234},
        {"vsock::0", "vsock:any:0", VMADDR_CID_ANY, VMADDR_PORT_ANY},
        {"vsock:local:any", "vsock:1:0", 1, VMADDR_PORT_ANY},
        {"vsock:local:4294967295", "vsock:1:0", 1, VMADDR_PORT_ANY},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address address;
        struct sockaddr_storage to;
        const struct sockaddr_vm *vm = (const struct sockaddr_vm *)&to;
        char text[ADDRESS_TEXT];
        bool good = address_parse(rows[i].text, &address) == NULL && address.family == AF_VSOCK;
        if (check(good, "'%s' is a vsock address", rows[i].text))
            check(address_to_sockaddr(&address, &to) == sizeof *vm && vm->svm_family == AF_VSOCK &&
                      vm->svm_cid == rows[i].cid && vm->svm_port == rows[i].port &&
                      strcmp(address_text(&address, text), rows[i].shown) == 0,
                  "'%s' is port %u of %u, written %s", rows[i].text, vm->svm_port, vm->svm_cid, text);
    }
}

static void check_peer(void)
{
    struct address address;

    check(address_parse("vsock:3:1", &address) == NULL && address_check_peer(&address) == NULL,
          "a vsock address can be connected to");
    check(address_parse("vsock::1", &address) == NULL && address_check_peer(&address) != NULL,
          "not without a CID");
    check(address_parse("vsock:3:any", &address) == NULL && address_check_peer(&address) != NULL,
          "not without a port");
    check(address_parse("host:0", &address) == NULL && address_check_peer(&address) == NULL &&
              address_parse("unix:x", &address) == NULL && address_check_peer(&address) == NULL,
          "of other addresses the system decides");
    check(address_is_vsock("vsock:") && !address_is_vsock("vsock") && !address_is_vsock("unix:vsock:"),
          "the word in front tells");
}

static void check_ports(void)
{
    check(port_check("0", 0) == NULL, "port 0 may be allowed");
    check(port_check("0", 1) != NULL, "port 0 may be refused");
    check(port_check("1", 1) == NULL && port_check("65535", 1) == NULL, "1 and 65535 are ports");
    check(port_check("65536", 1) != NULL && port_check("", 1) != NULL, "65536 and nothing are not");
    check(port_check("00080", 1) == NULL, "zeros in front do no harm");
    check(port_check("ssh", 1) == NULL && port_check("-1", 1) == NULL, "other names are left to getaddrinfo");
}

static void check_set(void)
{
    struct address address;

    check(address_set(&address, "::1", "80") == NULL && strcmp(address.host, "::1") == 0,
          "host and port may come apart");
    check(address_set(&address, "", "80") == NULL, "no host is any host");
    check(address_set(&address, "h", "70000") != NULL, "the port is checked");
}

int main(void)
{
    check_good();
    check_bad();
    check_long();
    check_unix();
    check_vsock();
    check_peer();
    check_ports();
    check_set();
    return unit_status();
}
