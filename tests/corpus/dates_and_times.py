"""A timesheet: dates, times, time zones and spans, in lists and as keys."""

import datetime as dt


class Shift(dt.timedelta):
    def overtime(self):
        return self > dt.timedelta(hours=8)


class Holiday(dt.date):
    def __new__(cls, year, month, day, name):
        self = super().__new__(cls, year, month, day)
        self.name = name
        return self


def add(sheet, day, start, hours):
    begin = dt.datetime.combine(day, start, tzinfo=dt.timezone(dt.timedelta(hours=2), "work"))
    end = begin + dt.timedelta(hours=hours)
    sheet.setdefault(day, []).append((begin, end))
    day += dt.timedelta(days=1)
    return day


sheet = {}
day = dt.date(2024, 2, 28)
for hours in (8, 9.5, 0.25):
    day = add(sheet, day, dt.time(9, 30, fold=1), hours)
feast = Holiday(2024, 5, 1, "May day")
feast.name = feast.name.upper()
worked = Shift(hours=9)
utc = dt.timezone.utc
total = dt.timedelta()
for pairs in sheet.values():
    for begin, end in pairs:
        total += end - begin
        latest = end.astimezone(utc)
print(total, latest.isoformat(), feast.name, worked.overtime())
