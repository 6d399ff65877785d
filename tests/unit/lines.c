/* SPDX-License-Identifier: MIT */
/* Checks what -C and -t make of a stream, whole and cut into two pieces at every place. */
#include <arpa/telnet.h>
#include <string.h>

#include "../../cmd/zcat-net/crlf.h"
#include "../../cmd/zcat-net/telnet.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { LONGEST = 6 /* bytes of the streams that are tried */ };

/* The next word of length letters over an alphabet, in order; false after the last. */
static bool next_word(size_t *word, size_t length, size_t letters)
{
    for (size_t i = 0; i < length; i++) {
        if (++word[i] < letters)
            return true;
        word[i] = 0;
    }
    return false;
}

/* What manual page and RFC say, byte by byte. */
static size_t expect_crlf(const char *text, size_t n, char *result)
{
    size_t length = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            result[length++] = '\r';
        result[length++] = text[i];
    }
    return length;
}

static bool crlf_is_right(const char *text, size_t n, size_t cut)
{
    char expected[2 * LONGEST], result[2 * LONGEST];
    bool after_cr = false;
    size_t wanted = expect_crlf(text, n, expected);
    size_t length = crlf_expand(&after_cr, text, cut, result);

    length += crlf_expand(&after_cr, text + cut, n - cut, result + length);
    return length == wanted && memcmp(result, expected, length) == 0;
}

static void check_crlf(void)
{
    static const char alphabet[] = {'a', '\r', '\n', '\0', '\xff'};
    bool right = true;

    for (size_t n = 0; n <= LONGEST; n++) {
        size_t word[LONGEST] = {0};
        do {
            char text[LONGEST];
            for (size_t i = 0; i < n; i++)
                text[i] = alphabet[word[i]];
            for (size_t cut = 0; cut <= n; cut++)
                right = crlf_is_right(text, n, cut) && right;
        } while (next_word(word, n, COUNT(alphabet)));
    }
    check(right, "each LF without a CR gets one, wherever the stream is cut");
}

/* The answers to text when it comes in pieces that end at cut. */
static size_t answers_to(const char *text, size_t n, size_t cut, char *answers)
{
    struct telnet telnet = {0};
    size_t length = telnet_answer(&telnet, text, cut, answers);
    return length + telnet_answer(&telnet, text + cut, n - cut, answers + length);
}

static void check_answers(void)
{
    static const struct {
        const char *title, *text, *answers;
        size_t length;
    } rows[] = {
        {"DO is answered with WONT", "\xff\xfd\x01", "\xff\xfc\x01", 3},
        {"WILL is answered with DON'T", "\xff\xfb\x03", "\xff\xfe\x03", 3},
        {"WONT is not answered", "\xff\xfc\x03", "", 3},
        {"DON'T is not answered", "\xff\xfe\x03", "", 3},
        {"answers are in the order of the requests",
         "a\xff\xfd\x01"
         "b\xff\xfb\x02\xff\xfd\x03",
         "\xff\xfc\x01\xff\xfe\x02\xff\xfc\x03", 11},
        {"an IAC that is data is no command", "\xff\xff\xfd\x01", "", 4},
        {"an IAC that is data is skipped before a command", "\xff\xff\xff\xfd\x01", "\xff\xfc\x01", 5},
        {"option 255 is an option", "\xff\xfd\xff\xff\xfb\xff", "\xff\xfc\xff\xff\xfe\xff", 6},
        {"a subnegotiation is skipped", "\xff\xfa\x18\x01\xff\xf0\xff\xfd\x05", "\xff\xfc\x05", 9},
        {"an IAC in a subnegotiation is data", "\xff\xfa\x18\xff\xff\xfd\x01\xff\xf0", "", 9},
        {"commands without an option have none", "\xff\xf1\xff\xfd\x05", "\xff\xfc\x05", 5},
        {"text that looks like verbs is no command", "\xfd\xfb\x01\xfd", "", 4},
        {"a request that is cut off is not answered", "\xff\xfd", "", 2},
    };

    for (size_t row = 0; row < COUNT(rows); row++) {
        bool right = true;
        for (size_t cut = 0; cut <= rows[row].length; cut++) {
            char answers[32];
            size_t length = answers_to(rows[row].text, rows[row].length, cut, answers);
            right = length == strlen(rows[row].answers) && memcmp(answers, rows[row].answers, length) == 0 &&
                    right;
        }
        check(right, "%s, wherever the stream is cut", rows[row].title);
    }
}

static bool is_cut_well(const char *text, size_t n)
{
    char whole[LONGEST + TELNET_ANSWER], cut[2 * (LONGEST + TELNET_ANSWER)];
    size_t length = answers_to(text, n, n, whole);
    bool right = length <= n;

    for (size_t at = 0; at < n; at++)
        right = answers_to(text, n, at, cut) == length && memcmp(whole, cut, length) == 0 && right;
    return right;
}

static void check_cuts(void)
{
    static const unsigned char alphabet[] = {IAC, DO, WILL, DONT, SB, 1};
    bool right = true;

    for (size_t n = 0; n <= LONGEST; n++) {
        size_t word[LONGEST] = {0};
        do {
            char text[LONGEST];
            for (size_t i = 0; i < n; i++)
                text[i] = (char)alphabet[word[i]];
            right = is_cut_well(text, n) && right;
        } while (next_word(word, n, COUNT(alphabet)));
    }
    check(right, "how a stream is cut changes no answer, and answers are no longer than the requests");
}

int main(void)
{
    check_crlf();
    check_answers();
    check_cuts();
    return unit_status();
}
