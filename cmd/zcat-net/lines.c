/* SPDX-License-Identifier: MIT */
/*
 * Lines rewritten, lines paced, and telnet's requests answered.
 *
 * The answers of -t go out on the connection from the thread that receives, while another one sends standard
 * input there. A send(2) of a few bytes usually takes all of them or none, but a socket whose buffer is
 * nearly full may take a part (tcp_sendmsg copies as far as it has memory), and then a piece of standard
 * input would get into the middle of an answer. So both threads write under one lock, and the answering one
 * keeps it until its answers are whole. It may wait meanwhile: there is no room in the socket, so the other
 * thread could not write either; and pump_halt ends that wait, so nobody who waits for the lock can be stuck.
 * Each answer goes before all that standard input has still to send, and behind all that it has sent, in the
 * order of the requests.
 *
 * What is not sent: answers after our own half-close (the connection does not take them any more), and
 * answers to a peer that has ended, for a closed one would reply with a reset, which looks as if what had
 * been sent before was lost.
 */
#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "crlf.h"
#include "move/filter.h"
#include "telnet.h"

enum { PIECE = 16 * 1024 /* bytes that are looked at or rewritten at once */ };

struct lines {
    struct line_options options;
    int fd; /* the connection */
    struct pump_filter send, receive;
    struct pump_sink_lock lock; /* of the connection */
    bool after_cr;
    struct telnet telnet;
    char rewritten[2 * PIECE];
    char answers[PIECE + TELNET_ANSWER];
};

/* The first of n bytes that make a piece: with -i up to the end of the line, after which comes a pause. */
static size_t first_piece(const struct lines *lines, const char *data, size_t n, struct pump_piece *piece)
{
    size_t length = n < PIECE ? n : PIECE;
    const char *end = lines->options.interval > 0 ? memchr(data, '\n', length) : NULL;

    piece->data = data;
    piece->length = end != NULL ? (size_t)(end - data) + 1 : length;
    piece->pause = end != NULL ? lines->options.interval : 0;
    return piece->length;
}

static size_t next_to_send(struct pump *pump, const char *data, size_t n, struct pump_piece *piece, void *of)
{
    struct lines *lines = of;
    size_t used = first_piece(lines, data, n, piece);

    (void)pump;
    if (lines->options.crlf) {
        piece->length = crlf_expand(&lines->after_cr, data, used, lines->rewritten);
        piece->data = lines->rewritten;
    }
    return used;
}

static bool peer_has_ended(int fd)
{
    struct pollfd end = {.fd = fd, .events = POLLRDHUP};
    return poll(&end, 1, 0) > 0;
}

static bool fail_receiving(struct pump *pump, int error)
{
    pump->end = PUMP_FAILED;
    pump->side = PUMP_IN;
    pump->error = error;
    return false;
}

/* Sends all of it; the lock is held. */
static bool send_whole(struct pump *pump, int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return fail_receiving(pump, errno);
        if (sent < 0 && !pump_wait_writable(pump, fd))
            return false;
        data += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static bool answer(struct pump *pump, struct lines *lines, size_t length)
{
    bool sent = true;

    if (length == 0 || peer_has_ended(lines->fd))
        return true;
    pthread_mutex_lock(&lines->lock.mutex);
    if (!lines->lock.closed)
        sent = send_whole(pump, lines->fd, lines->answers, length);
    pthread_mutex_unlock(&lines->lock.mutex);
    return sent;
}

static size_t next_received(struct pump *pump, const char *data, size_t n, struct pump_piece *piece, void *of)
{
    struct lines *lines = of;
    size_t used = first_piece(lines, data, n, piece);

    if (lines->options.telnet &&
        !answer(pump, lines, telnet_answer(&lines->telnet, data, used, lines->answers)))
        return 0;
    return used;
}

bool lines_open(struct lines **lines, const struct line_options *options, int fd, struct worker *send,
                struct worker *receive)
{
    static const char pacing[] = "-i cuts the data into lines";
    bool paced = options->interval > 0;

    *lines = NULL;
    if (line_options_letter(options) == '\0')
        return true;
    struct lines *new = *lines = calloc(1, sizeof *new);
    if (new == NULL)
        return false;
    new->options = *options;
    new->fd = fd;
    new->send = (struct pump_filter){
        .next = next_to_send, .of = new, .reason = options->crlf ? "-C rewrites the data" : pacing};
    new->receive = (struct pump_filter){
        .next = next_received, .of = new, .reason = options->telnet ? "-t looks into the data" : pacing};
    pthread_mutex_init(&new->lock.mutex, NULL);
    if (send->opened && (options->crlf || paced))
        filter_set(&send->pump, &new->send);
    if (options->telnet || paced)
        filter_set(&receive->pump, &new->receive);
    if (options->telnet)
        send->pump.lock = &new->lock;
    return true;
}

void lines_close(struct lines *lines)
{
    if (lines == NULL)
        return;
    pthread_mutex_destroy(&lines->lock.mutex);
    free(lines);
}
