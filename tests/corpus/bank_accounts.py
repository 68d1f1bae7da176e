"""Accounts with history, limits and transfers that are undone when they fail half way."""

from dataclasses import dataclass, field


class Refused(Exception):
    def __init__(self, account, amount):
        super().__init__(f"{account.owner} lacks {amount - account.balance}")
        self.account = account


@dataclass
class Account:
    owner: str
    balance: int = 0
    history: list = field(default_factory=list)

    def deposit(self, amount):
        self.balance += amount
        self.history.append(amount)

    def withdraw(self, amount):
        if amount > self.available:
            raise Refused(self, amount)
        self.deposit(-amount)

    @property
    def available(self):
        return self.balance


@dataclass
class Credit(Account):
    limit: int = 100

    @property
    def available(self):
        return self.balance + self.limit


class Bank:
    def __init__(self, *accounts):
        self.accounts = {account.owner: account for account in accounts}
        self.log = []

    def transfer(self, source, target, amount):
        giver, taker = self.accounts[source], self.accounts[target]
        taker.deposit(amount)
        try:
            giver.withdraw(amount)
        except Refused as error:
            taker.history.pop()
            taker.balance -= amount
            self.log.append(str(error))
            return False
        self.log.append((source, target, amount))
        return True

    def total(self):
        return sum(account.balance for account in self.accounts.values())


bank = Bank(Account("ann", 50), Credit("bob"))
print([bank.transfer("ann", "bob", 30), bank.transfer("ann", "bob", 30), bank.transfer("bob", "ann", 99)])
print(bank.accounts, bank.log, bank.total(), sep="\n")
