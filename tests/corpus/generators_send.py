"""Generators as consumers: values and exceptions go in through send, throw and close."""


def running_mean():
    total, n, mean = 0, 0, None
    while True:
        value = yield mean
        if value is None:
            return total
        total += value
        n += 1
        mean = total / n


def patient(log):
    while True:
        try:
            got = yield len(log)
            log.append(got)
        except ValueError as error:
            log.append(f"caught {error}")
        except GeneratorExit:
            log.append("closing")
            raise
        finally:
            log.append("step")


def feed(values):
    mean = running_mean()
    next(mean)
    means = [mean.send(value) for value in values]
    try:
        mean.send(None)
    except StopIteration as stop:
        return means, stop.value


def disturb():
    log = []
    consumer = patient(log)
    next(consumer)
    consumer.send("a")
    n = consumer.throw(ValueError("odd"))
    consumer.send("b")
    consumer.close()
    try:
        consumer.send("late")
    except StopIteration:
        log.append("ended")
    return n, log


print(feed([10, 20, 60]))
print(disturb())
