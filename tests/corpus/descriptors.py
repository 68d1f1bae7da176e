"""Data and non-data descriptors, names given by the class, lookups that fall back to the dict."""


class Typed:
    def __init__(self, kind, default=None):
        self.kind, self.default, self.writes = kind, default, []

    def __set_name__(self, owner, name):
        self.name, self.key = name, "_" + name
        owner.fields = (*getattr(owner, "fields", ()), name)

    def __get__(self, instance, owner):
        if instance is None:
            return self
        return instance.__dict__.get(self.key, self.default)

    def __set__(self, instance, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name} takes {self.kind.__name__}")
        self.writes.append(value)
        instance.__dict__[self.key] = value

    def __delete__(self, instance):
        del instance.__dict__[self.key]


class Lazy:
    def __init__(self, function):
        self.function = function

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        value = instance.__dict__[self.name] = self.function(instance)
        return value


class Account:
    owner = Typed(str)
    balance = Typed(int, default=0)

    def __init__(self, owner):
        self.owner = owner
        self.n_computed = 0

    @Lazy
    def label(self):
        self.n_computed += 1
        return f"{self.owner}:{self.balance}"


account = Account("ann")
account.balance += 5
print(account.label, account.label, account.n_computed, Account.fields)
try:
    account.balance = "much"
except TypeError as error:
    print(error)
del account.balance
account.__dict__["label"] = "set by hand"
print(account.balance, account.label, Account.balance.writes, vars(account))
