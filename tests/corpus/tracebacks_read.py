"""Exceptions kept with their tracebacks: walked by hand, formatted, raised again, cleared."""

import sys
import traceback


def divide(a, b):
    ratio = a / b
    return ratio


def average(values):
    total = sum(values)
    return divide(total, len(values))


def path_of(error):
    steps, trace = [], error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        steps.append((frame.f_code.co_name, trace.tb_lineno - frame.f_code.co_firstlineno))
        trace = trace.tb_next
    return steps


def keep(function, *args):
    try:
        function(*args)
    except Exception as error:
        return error


def reraise(error, log):
    try:
        raise error
    except ZeroDivisionError as same:
        log.append(same is error)
        log.append(sys.exception() is error)
    log.append(sys.exception())


error = keep(average, [])
print(path_of(error))
log = []
reraise(error, log)
print(log, len(path_of(error)))
print([frame.name for frame in traceback.extract_tb(error.__traceback__)])
print(traceback.format_exception_only(error))
innermost = error.__traceback__
while innermost.tb_next:
    innermost = innermost.tb_next
print(error.with_traceback(None).__traceback__, innermost.tb_lineno)
