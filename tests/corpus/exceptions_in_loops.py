"""Tries inside loops and loops inside tries; break and return through finally."""


def parse(texts):
    good, bad = [], {}
    for text in texts:
        try:
            number = int(text)
        except ValueError as error:
            bad[text] = len(error.args)
            continue
        except TypeError:
            break
        else:
            good.append(number)
        finally:
            last = text
    else:
        good.append("all")
    return good, bad, last


def retry(times):
    attempts = 0
    while True:
        try:
            attempts += 1
            if attempts < times:
                raise OSError(attempts)
            return attempts
        except OSError as error:
            latest = error.args
        finally:
            attempts += 0


def first_match(rows):
    try:
        for row in rows:
            for cell in row:
                if cell < 0:
                    raise StopIteration(cell)
    except StopIteration as found:
        return found.value
    return None


def main():
    print(parse(["1", "x", "2"]), parse(["3", None, "4"]))
    print(retry(3), first_match([[1, 2], [3, -4, 5]]), first_match([[]]))


if __name__ == "__main__":
    main()
