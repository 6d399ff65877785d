/* SPDX-License-Identifier: MIT */
/* The option table of zsend, and its command line. */
#include "settings.h"

#include <getopt.h>
#include <string.h>

#include "base/option.h"
#include "base/size.h"
#include "net/peer.h"

enum {
    OPTION_RAW = OPTION_COMMAND,
    OPTION_OFFSET,
    OPTION_LENGTH,
    OPTION_LISTEN,
    OPTION_NAME,
    OPTION_HASH,
    OPTION_OWNER,
    OPTION_XATTRS,
    OPTION_DRY_RUN
};

static const struct option_row rows[] = {
    OPTION_HEADING("What is sent"),
    {'r', NULL, NULL, "ignored: directories are always sent with what is\nin them"},
    {OPTION_NAME, "name", "NAME", "the name of standard input at the receiver"},
    {OPTION_OWNER, "owner", NULL, "send owners and groups, by number"},
    {OPTION_XATTRS, "xattrs", NULL, "send extended attributes (user.*)"},
    {OPTION_HASH, "hash", "ALGO",
     "check the bytes by this digest: xxh3 (default),\n"
     "sha256, sha512, blake2b"},
    {OPTION_DRY_RUN, "dry-run", NULL, "only ask the receiver, and list what would be sent"},

    OPTION_HEADING("To whom"),
    {PEER_KEY_FILE, "key-file", "FILE", "read the key from FILE, which nobody else may read"},
    {PEER_PLAIN, "plain", NULL,
     "do not encrypt; the receiver still has to prove\n"
     "that it has the key, and to say the same"},
    {PEER_NO_KEY, "no-key", NULL,
     "send to whoever is there; the receiver has to say\n"
     "the same"},
    {OPTION_LISTEN, "listen", NULL, "wait for a zrecv --connect; [ADDR:]PORT is the\nlast operand then"},
    {PEER_PRINT_PORT, "print-port", NULL,
     "with --listen, print the port alone on a line of\n"
     "standard error"},
    {PEER_ALLOW, "allow", "NET",
     "with --listen, let in this address or NET/BITS\n"
     "only; may be given several times"},

    OPTION_HEADING("Plain bytes"),
    {OPTION_RAW, "raw", NULL,
     "send plain bytes, as zcat-net, nc and socat\n"
     "receive them"},
    {OPTION_OFFSET, "offset", "SIZE", "with --raw, begin so many bytes into the file"},
    {OPTION_LENGTH, "length", "SIZE", "with --raw, send exactly so many bytes; fewer are\nan error"},

    OPTION_HEADING("Connecting"),
    CONNECT_OPTION_ROWS,
    CONNECT_NODELAY_ROW,

    OPTION_HEADING("Moving bytes"),
    TRANSFER_OPTION_ROWS,

    OPTION_HEADING("Other"),
    {'v', NULL, NULL, "tell about the connection and files on standard error"},
    {OPTION_HELP, "help", NULL, "display this help and exit"},
    {OPTION_VERSION, "version", NULL, "output version information and exit"},
};

static const struct option_table table = {
    .usage = "Usage: zsend [OPTION]... FILE... HOST[:PORT]\n"
             "  or:  zsend --listen [OPTION]... FILE... [ADDR:]PORT\n"
             "  or:  zsend --raw [OPTION]... FILE HOST:PORT",
    .description = "Send files, directories and standard input (-) to a zrecv, which stores them\n"
                   "under their names when every byte is there and checked; or, with --raw, one file\n"
                   "as plain bytes. A receiver is HOST (port 9390), HOST:PORT, [IPV6]:PORT or\n"
                   "unix:/PATH, and with --raw also vsock:CID:PORT.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .epilogue = "SIZE and RATE take the suffixes K, M, G and T (powers of 1024). SECONDS may have\n"
                "a fraction. SIGUSR1 prints a status line. The key is read from --key-file, from\n"
                "the environment variable ZSEND_KEY, or from the terminal. --retry=N also begins\n"
                "a session that broke off anew, which goes on where the last one ended.\n"
                "\n"
                "Exit status is 0 if the receiver has confirmed that everything is there (--raw:\n"
                "if its system has acknowledged every byte, and it has closed the connection\n"
                "without an error); 1 for an error on this side (a file that cannot be read, for\n"
                "one; the others are sent), 2 for a wrong command line, 3 if the receiver could\n"
                "not be reached, 4 if the session broke off and can be resumed, 5 if something did\n"
                "not arrive as it was sent, 6 if the peer does not have the key, 7 if the receiver\n"
                "refused something, 8 for a timeout.\n",
};

static int take_size(const char *name, const char *argument, uint64_t *value)
{
    const char *problem = size_parse(argument, 0, INT64_MAX, value);

    if (problem == NULL)
        return SETTINGS_GO_ON;
    option_bad_argument(problem, name, argument);
    return SESSION_USAGE;
}

/* The options of a session. */
static int take_session(struct settings *settings, int id, const char *argument)
{
    switch (id) {
    case 'r':
        break;
    case OPTION_NAME:
        settings->name = argument;
        break;
    case OPTION_OWNER:
        settings->owner = true;
        break;
    case OPTION_XATTRS:
        settings->xattrs = true;
        break;
    case OPTION_DRY_RUN:
        settings->dry_run = true;
        break;
    case OPTION_LISTEN:
        settings->listens = true;
        break;
    case OPTION_HASH:
        if (digest_find(argument, strlen(argument), &settings->algorithm))
            break;
        option_bad_argument("invalid", "--hash", argument);
        return SESSION_USAGE;
    default:
        option_usage_error(NULL);
        return SESSION_USAGE;
    }
    settings->session_option = true;
    return SETTINGS_GO_ON;
}

static int take_own(struct settings *settings, int id, const char *argument)
{
    switch (id) {
    case OPTION_HELP:
        return option_print_help(&table);
    case OPTION_VERSION:
        return option_print_version();
    case OPTION_RAW:
        settings->raw = true;
        return SETTINGS_GO_ON;
    case OPTION_OFFSET:
        return take_size("--offset", argument, &settings->offset);
    case OPTION_LENGTH:
        settings->has_length = true;
        return take_size("--length", argument, &settings->length);
    case 'v':
        settings->verbose = true;
        return SETTINGS_GO_ON;
    default:
        return take_session(settings, id, argument);
    }
}

static int take_option(struct settings *settings, int id)
{
    int taken = peer_option(&settings->peer, id, optarg);

    if (taken > 0)
        settings->session_option = true;
    if (taken == 0 && (taken = transfer_option(&settings->transfer, id, optarg)) == 0 &&
        (taken = connect_option(&settings->connect, id, optarg)) == 0)
        return take_own(settings, id, optarg);
    return taken > 0 ? SETTINGS_GO_ON : SESSION_USAGE;
}

static const char *parse_address(struct settings *settings, const char *text)
{
    const char *problem = settings->raw ? address_parse(text, &settings->address)
                                        : peer_parse(text, settings->listens, &settings->address);
    if (problem == NULL && !settings->listens)
        problem = address_check_peer(&settings->address);
    return problem;
}

static bool sends_input(const struct settings *settings)
{
    for (size_t i = 0; i < settings->file_count; i++)
        if (strcmp(settings->files[i], "-") == 0)
            return true;
    return false;
}

/* NULL, or which options do not go together. */
static const char *check(const struct settings *settings)
{
    if (settings->raw && settings->session_option)
        return "--raw sends plain bytes, and has no option of a session";
    if (!settings->raw && (settings->offset > 0 || settings->has_length))
        return "--offset and --length need --raw";
    if (!settings->listens && peer_has_listening(&settings->peer))
        return "--print-port and --allow need --listen";
    if (settings->name != NULL && !sends_input(settings))
        return "--name is of standard input (-), which is not sent";
    if (settings->connect.socket.mptcp && settings->address.family != AF_UNSPEC)
        return "--mptcp needs HOST:PORT";
    return peer_check(&settings->peer);
}

static int take_operands(struct settings *settings, int count, char **operands)
{
    const char *problem, *where = settings->raw       ? "HOST:PORT"
                                  : settings->listens ? "[ADDR:]PORT"
                                                      : "HOST[:PORT]";

    settings->files = operands;
    settings->file_count = count > 0 ? (size_t)count - 1 : 0;
    if (count == 0)
        option_usage_error("missing file operand");
    else if (count == 1)
        option_usage_error("missing %s after '%s'", where, operands[0]);
    else if (count > 2 && settings->raw)
        option_usage_error("extra operand '%s'", operands[2]);
    else if ((problem = parse_address(settings, operands[count - 1])) != NULL)
        option_usage_error("%s: '%s'", problem, operands[count - 1]);
    else if ((problem = check(settings)) != NULL)
        option_usage_error("%s", problem);
    else
        return SETTINGS_GO_ON;
    return SESSION_USAGE;
}

int settings_parse(struct settings *settings, int argc, char **argv)
{
    int id;

    *settings = (struct settings){.transfer = transfer_defaults, .connect = CONNECT_OPTIONS_DEFAULT};
    while ((id = option_next(&table, argc, argv)) != -1) {
        int status = take_option(settings, id);
        if (status != SETTINGS_GO_ON)
            return status;
    }
    return take_operands(settings, argc - optind, argv + optind);
}
