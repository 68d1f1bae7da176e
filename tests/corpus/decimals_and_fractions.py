"""Exact arithmetic: rounding modes, contexts, mixed numbers, continued fractions."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation, getcontext, localcontext
from fractions import Fraction


def shares(total, weights):
    whole = Fraction(sum(weights))
    parts = [(Decimal(total) * Decimal(weight) / Decimal(int(whole))).quantize(Decimal("0.01"), ROUND_DOWN) for weight in weights]
    rest = Decimal(total) - sum(parts)
    parts[0] += rest
    return parts, rest


def continued(value, terms):
    quotients = []
    for _ in range(terms):
        whole = value.numerator // value.denominator
        quotients.append(whole)
        value -= whole
        if value == 0:
            break
        value = 1 / value
    return quotients


def root(number, digits):
    with localcontext() as context:
        context.prec = digits
        guess = Decimal(1)
        for _ in range(6):
            guess = (guess + Decimal(number) / guess) / 2
        return +guess


def invalid():
    try:
        return Decimal("not a number")
    except InvalidOperation as error:
        return type(error).__name__


print(shares("10.00", [1, 1, 1]), continued(Fraction(415, 93), 9))
print(root(2, 8), getcontext().prec, invalid())
total = Fraction(1, 3) + Fraction("0.25") - 2
print(total, float(total), Fraction(0.125), total.limit_denominator(5), round(total))
print(Decimal("2.5").to_integral_value(ROUND_HALF_EVEN), Decimal(1) / Decimal(7), Decimal("-0") == 0)
