"""Numbers that are made by reading a date land where dates were that other code let go of."""

import datetime
import gc

elsewhere = {"gc": gc}
exec(
    compile(
        """
def let_go(name, use, value):
    for thing in gc.get_objects():
        if type(thing).__name__ == name:
            thing.at = None
    return use(value)

def day_of(moment):
    return moment.day
""",
        "elsewhere.py",
        "exec",
    ),
    elsewhere,
)
let_go, day_of = elsewhere["let_go"], elsewhere["day_of"]


class Zone(datetime.tzinfo):
    def __init__(self):
        self.names = ["here"]

    def utcoffset(self, moment):
        return datetime.timedelta(hours=2)


class Box:
    def __init__(self, at):
        self.at = at


def look(value):
    day = day_of(value)
    value.tzinfo.names.append(day)
    day += day_of(value)
    return day


def main():
    moment = datetime.datetime(2000, 4, 5, 6, 7, 8, 500_000, tzinfo=Zone())
    for make in (datetime.time.max.replace, datetime.date.max.replace):
        boxes = [Box(make()) for _ in range(600)]
        days = let_go("Box", look, moment)
        print(len(boxes), boxes[0].at, moment, days)


main()
