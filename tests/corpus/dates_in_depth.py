"""Calendars by hand: ranges of days, zones, formatting and parsing, leap years, time budgets."""

from datetime import date, datetime, time, timedelta, timezone


def days(start, n, step=1):
    current = start
    for _ in range(n):
        yield current
        current += timedelta(days=step)


def working_days(start, end):
    count = 0
    for day in days(start, (end - start).days):
        if day.weekday() >= 5:
            continue
        count += 1
    return count


def age(born, today):
    had_birthday = (today.month, today.day) >= (born.month, born.day)
    return today.year - born.year - (not had_birthday)


def total(spans):
    spent = timedelta()
    for span in spans:
        start, end = (datetime.strptime(part, "%H:%M") for part in span.split("-"))
        spent += end - start
    return spent, spent // timedelta(minutes=15), divmod(spent, timedelta(hours=1))


def zones(moment):
    east = timezone(timedelta(hours=5, minutes=30), "east")
    west = timezone(timedelta(hours=-8))
    return [moment.astimezone(zone).isoformat() for zone in (east, west, timezone.utc)]


print(working_days(date(2024, 2, 26), date(2024, 3, 5)), age(date(2000, 2, 29), date(2024, 2, 28)))
print(total(["09:00-10:20", "23:00-23:59"]), zones(datetime(2024, 1, 1, 20, tzinfo=timezone.utc)))
print([day.isoformat() for day in days(date(2023, 12, 30), 3, 2)], date.fromisoformat("2024-02-29"))
print(datetime.combine(date(2020, 5, 17), time(8, 5), tzinfo=timezone.utc).strftime("%d %b %y %H:%M %Z"))
print(min(date.max, date(1, 1, 1)), datetime(2024, 3, 1).replace(month=2).timetuple().tm_yday)
