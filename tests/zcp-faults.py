#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The k-th call of zcp fails with an errno, for k = 1, 2, 3 ..., and every run is judged.

zcp-faults.py [--copy=OPTIONS] [--source=data|tree] [--before=none|old] [--first=K] [--few=N] [--most=N] [--own]
    [--only=FILE] [--other-words] CALL SURVIVED OTHERS: errnos that must not matter, and those that may end the copy, honestly.
zcp-faults.py --short=CALL ... SETTING...: one run with the preloaded helper, which has to succeed.
zcp-faults.py --kill [--moments=N] ... [SETTING]...: SIGKILL at each call of a run, each k-th one of its name, or at some
    N of them; every file is the old one or the new one then.
FAULTS=all in the environment: every errno below and every k (with --most no more than so many).
"""
import argparse
import errno
import os
import re
import shutil
import subprocess
import sys

EVERY = """EINVAL ENOSYS EOPNOTSUPP EXDEV EPERM EACCES ENODEV EMFILE ENFILE ENOMEM EAGAIN EINTR EIO ENOSPC EDQUOT EFBIG
    ENOENT ELOOP EROFS EBUSY ETXTBSY EEXIST ENOTDIR EISDIR""".split()
CAMPAIGN = os.environ.get('FAULTS') == 'all'


def contents(name):
    try:
        with open(name, 'rb') as file:
            return file.read()
    except OSError:
        return None


def write(name, data):
    os.makedirs(os.path.dirname(name) or '.', exist_ok=True)
    with open(name, 'wb') as file:
        file.write(data)


def make_sources():
    """A file, a tree with files of several sizes, one with a hole, a link, and old files of the same names."""
    write('data', os.urandom(600000))
    write('old.data', b'U' * 700000)
    sizes = {'a': 70, 'b/large': 300000, 'b/c/small': 5000, 'd/middle': 70000, 'empty': 0}
    for name, size in sizes.items():
        write('tree/' + name, os.urandom(size))
    with open('tree/holey', 'wb') as file:
        file.truncate(400000)
        file.seek(400000)
        file.write(b'end')
    os.symlink('nowhere', 'tree/link')
    os.chmod('tree/a', 0o640)
    os.chmod('tree/b/c', 0o750)
    for name in 'a', 'b/large', 'holey':
        write('old.tree/' + name, b'U' * 500000)


def files_below(top):
    """The regular files, each with its name below top; "" is top itself."""
    if os.path.isfile(top):
        return ['']
    return [os.path.join(where, name)[len(top):] for where, _, names in os.walk(top) for name in names
            if not os.path.islink(os.path.join(where, name))]


def shape(top):
    """What -a preserves besides the bytes."""
    found = {}
    for where, directories, names in os.walk(top):
        for name in directories + names + ['.']:
            path = os.path.join(where, name)
            status = os.lstat(path)
            xattrs = {} if os.path.islink(path) else {key: os.getxattr(path, key) for key in os.listxattr(path)}
            found[path[len(top):]] = (status.st_mode, status.st_uid, status.st_mtime_ns, xattrs)
    return found


class Run:
    """One run of zcp, and what it has left."""

    def __init__(self, options, words):
        self.options = options
        self.copy = options.copy.split()
        self.command = words + ['zcp', *self.copy, *(['-RT'] if options.source == 'tree' else []), options.source,
                                'copy']
        self.before = {}
        self.prepare()
        if os.path.exists('log'):
            os.remove('log')
        done = subprocess.run(['timeout', '-k', '1', '20', *self.command], capture_output=True, check=False,
                              stdin=subprocess.DEVNULL)
        self.status, self.said = done.returncode, done.stderr.decode(errors='replace')
        match = re.search(r'= -1 E\w+ \((.*)\) \(INJECTED\)', (contents('log') or b'').decode(errors='replace'))
        self.injected = match and match.group(1)

    def prepare(self):
        if os.path.isdir('copy'):
            shutil.rmtree('copy')
        elif os.path.lexists('copy'):
            os.remove('copy')
        old = 'old.' + self.options.source
        if self.options.before == 'old':
            shutil.copytree(old, 'copy') if os.path.isdir(old) else shutil.copy(old, 'copy')
            self.before = {name: contents('copy' + name) for name in files_below('copy')}

    def names(self, place):
        """True when a message names this file, or a directory above it, or says that there was no start at all."""
        if re.search(r'^zcp: (cannot (start|make)|no method)|: error while loading', self.said, re.M):
            return True
        while place is not None:
            if re.search(rf"'({self.options.source}|copy){re.escape(place)}/?'", self.said):
                return True
            place = os.path.dirname(place).rstrip('/') if place else None
        return False

    def wrong_file(self, place):
        """What is wrong with one file, each fact a string."""
        new, now, old = contents(self.options.source + place), contents('copy' + place), self.before.get(place)
        if now == new:
            return
        if self.status == 0:
            yield f"the exit 0 is a lie: 'copy{place}'"
        if not self.names(place):
            yield f"'copy{place}' is not all, and nothing is said of it"
        if now != old and ('--atomic' in self.copy or not new.startswith(now)):
            yield f"'copy{place}' has other bytes"

    def wrong(self, survived):
        """All that is wrong. Honest is: nobody hangs or dies; exit 0 means that all is there, exit 1 comes with a
        message; a file that no message names is whole; none has old bytes behind the new ones; with --atomic it is
        the old one or the new one, and no other file remains."""
        if self.status not in (0, 1):
            yield f'exit status {self.status}'
        for place in files_below(self.options.source):
            yield from self.wrong_file(place)
        if self.status == 0 and '-a' in self.copy and shape(self.options.source) != shape('copy'):
            yield 'the exit 0 is a lie: attributes'
        if self.status != 0 and not re.search('^zcp: .|: error while loading', self.said, re.M):
            yield 'failed without a word'
        if self.status != 0 and (survived or not self.injected):
            yield 'did not survive' if survived else 'failed without a fault'
        if self.status != 0 and self.injected and self.injected not in self.said and not self.options.other_words:
            yield 'the message does not name the errno'
        yield from (f'{name} is left behind' for name in temporary_files())

    def show(self):
        print(f'{" ".join(self.command)}: exit status {self.status}\n{self.said}')
        print(''.join(line for line in (contents('log') or b'').decode().splitlines(True) if 'INJECTED' in line))


def temporary_files():
    found = [os.path.join(where, name) for where, _, names in os.walk('.') for name in names if name[:5] == '.zcp-']
    for name in found:
        os.remove(name)
    return found


def first_own(call):
    """The number of the first such call after those of the dynamic linker and the C library's start."""
    subprocess.run(['strace', '-f', '-qq', '-o', 'log', '-e', 'trace=' + call, 'zcp', '--version'], check=True,
                   stdout=subprocess.DEVNULL)
    return len(contents('log').splitlines()) + 1


def faults(options, call, error, survived):
    """The k-th call fails, for some k or all; yields a bool for each run, True when it was as it should be."""
    first = options.first or (first_own(call) if options.own else 1)
    for k in range(first, first + (options.most if CAMPAIGN else options.few)):
        words = ['strace', '-f', '-qq', '--seccomp-bpf', '-o', 'log', '-e', 'trace=' + call, '-e',
                 f'inject={call}:error={error}:when={k}']
        for name in options.only:
            words += ['-P', os.path.join(os.getcwd(), name)]
        run = Run(options, words)
        facts = list(run.wrong(error in survived))
        if facts:
            print(f'{call} number {k}, {error}: {"; ".join(facts)}')
            run.show()
            yield False
            return
        if not run.injected:
            return
        yield True


def matrix(options, call, survived, others):
    results = []
    for error in dict.fromkeys(survived + others + (EVERY if CAMPAIGN else [])):
        # getdents64(2) says ENOENT of a directory that has been removed, which is empty.
        if hasattr(errno, error) and (call, error) != ('getdents64', 'ENOENT'):
            results += faults(options, call, error, survived)
    print(f'{len(results)} runs of zcp {options.copy} were disturbed')
    return bool(results) and all(results)


def short(options, settings):
    """One run with the preloaded helper; the call of this name has to have been meddled with."""
    if os.path.exists('report'):
        os.remove('report')
    helper = os.path.join(os.environ['ZCOPY_BUILD'], 'tests/short.so')
    run = Run(options, ['env', 'LD_PRELOAD=' + helper, 'SHORT_REPORT=report', *settings])
    facts = list(run.wrong(True))
    counts = {line.split()[0]: line.split()[1:] for line in contents('report').decode().splitlines()}
    if counts[options.short] == ['0', '0']:
        facts.append(f'no {options.short} was meddled with')
    if facts:
        print('; '.join(facts))
        run.show()
    return not facts


def moments(options, words):
    """The calls that zcp makes from its first look at the source on, each with its number among those of its name."""
    run = Run(options, ['strace', '-f', '-qq', '-o', 'log', *words])
    if run.status != 0:
        run.show()
        sys.exit('the run to look at has failed')
    counts, found, started = {}, [], False
    for pid, name, rest in re.findall(r'^(\d+) +(\w+)\((.*)$', contents('log').decode(errors='replace'), re.M):
        counts[pid, name] = counts.get((pid, name), 0) + 1
        started = started or (name == 'newfstatat' and f'"{options.source}"' in rest)
        if started and name not in ('exit', 'exit_group', 'execve'):
            found.append((name, counts[pid, name]))
    return list(dict.fromkeys(found))


def torn(run):
    for place in files_below(run.options.source):
        now = contents('copy' + place)
        if now not in (contents(run.options.source + place), run.before.get(place)):
            yield f"'copy{place}' is torn: {None if now is None else len(now)} bytes"


def kill_everywhere(options, settings):
    """A run for each moment; True when all had an end that is allowed, and most were killed."""
    words = []
    if settings:
        helper = os.path.join(os.environ['ZCOPY_BUILD'], 'tests/short.so')
        words = [word for setting in ['LD_PRELOAD=' + helper, *settings] for word in ('-E', setting)]
    killed, bad, chosen = 0, 0, moments(options, words)
    if not CAMPAIGN:
        chosen = chosen[::max(1, len(chosen) // options.moments)]
    for call, k in chosen:
        # With --seccomp-bpf strace 6.1 forgets the signal; timeout(1) dies as its child has.
        run = Run(options, ['strace', '-f', '-qq', '-o', 'log', '-e', 'trace=' + call, '-e',
                            f'inject={call}:signal=KILL:when={k}', *words])
        facts = list(torn(run))
        temporary_files()
        if run.status not in (0, 137, -9):
            facts.append(f'exit status {run.status}')
        if facts:
            bad += 1
            print(f'killed at {call} number {k}: {"; ".join(facts)}')
        killed += run.status != 0
    print(f'{killed} of {len(chosen)} runs of zcp {options.copy} were killed')
    return bad == 0 and killed > len(chosen) * 3 / 4


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--copy', default='')
    parser.add_argument('--source', default='data')
    parser.add_argument('--before', default='none')
    parser.add_argument('--first', type=int)
    parser.add_argument('--own', action='store_true')
    parser.add_argument('--few', type=int, default=2)
    parser.add_argument('--most', type=int, default=1000)
    parser.add_argument('--only', action='append', default=[])
    parser.add_argument('--other-words', action='store_true')
    parser.add_argument('--short')
    parser.add_argument('--kill', action='store_true')
    parser.add_argument('--moments', type=int, default=80)
    parser.add_argument('words', nargs='*')
    options = parser.parse_args()
    if not os.path.exists('data'):
        make_sources()
    if options.short:
        good = short(options, options.words)
    elif options.kill:
        good = kill_everywhere(options, options.words)
    else:
        call, survived, others = options.words
        good = matrix(options, call, survived.split(), others.split())
    sys.exit(not good)


main()
