"""The program forks twice, leads a session of its own, closes all descriptors and goes on."""
# says at line: it has no value apart

import os
import tempfile
import time


def work(n):
    items = []
    for i in range(n):
        items.append([i])
    return len(items)


def daemon(folder):
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    before = work(100)
    os.closerange(0, 5000)
    numbers = [os.open(os.devnull, os.O_RDWR) for _ in range(3)]
    with open(os.path.join(folder, "mine"), "w+") as file:
        numbers.append(file.fileno())
        file.write("of the daemon")
        file.flush()
        numbers.append(work(2000))
        file.seek(0)
        numbers.append(file.read())
    with open(os.path.join(folder, "new"), "w") as file:
        print(before, numbers, file=file)
    os.rename(os.path.join(folder, "new"), os.path.join(folder, "result"))
    os._exit(work(3))


def main(folder):
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            daemon(folder)
        os._exit(work(2))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), work(10))
    result = os.path.join(folder, "result")
    for _ in range(3000):
        if os.path.exists(result):
            break
        time.sleep(0.01)
    with open(result) as file:
        print(file.read())


with tempfile.TemporaryDirectory() as folder:
    main(folder)
