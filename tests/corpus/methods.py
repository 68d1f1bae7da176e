"""Instance, class and static methods, inheritance and super()."""


class Account:
    opened = 0

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance
        self.history = []
        Account.opened += 1

    def deposit(self, amount):
        self.balance += amount
        self.history.append(("deposit", amount))
        return self

    @classmethod
    def named(cls, owner):
        account = cls(owner)
        return account

    @staticmethod
    def check(amount):
        if amount < 0:
            raise ValueError("negative")
        return amount


class Savings(Account):
    def __init__(self, owner, rate):
        super().__init__(owner)
        self.rate = rate

    def deposit(self, amount):
        amount = self.check(amount)
        super().deposit(amount)
        self.history[-1] += (self.rate,)
        return self


def main():
    plain = Account.named("ann").deposit(5).deposit(7)
    saving = Savings("bob", 2).deposit(10)
    saving.friend = plain
    plain.friend = saving
    try:
        saving.deposit(-1)
    except ValueError as error:
        print(error)
    print(plain.balance, saving.history, Account.opened)


if __name__ == "__main__":
    main()
