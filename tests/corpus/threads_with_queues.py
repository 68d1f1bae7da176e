"""A worker thread fed through a queue; requests and replies alternate."""

import queue
import threading


def serve(requests, replies):
    handled = 0
    while True:
        request = requests.get()
        if request is None:
            break
        handled += 1
        replies.put((request, request * handled))
    replies.put(handled)


def ask(requests, replies, value):
    requests.put(value)
    return replies.get()


def main():
    requests, replies = queue.SimpleQueue(), queue.SimpleQueue()
    threading.Thread(target=serve, args=(requests, replies)).start()
    answers = [ask(requests, replies, value) for value in (5, "x", [1])]
    return answers, ask(requests, replies, None)


def priorities():
    tasks = queue.PriorityQueue()
    for task in ((2, "b"), (1, "a"), (3, "c")):
        tasks.put(task)
    done = []
    while not tasks.empty():
        done.append(tasks.get()[1])
    return done


print(main(), priorities())
