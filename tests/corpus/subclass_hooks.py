"""__init_subclass__ and __class_getitem__: classes that react to being derived or indexed."""


class Handler:
    routes = {}

    def __init_subclass__(cls, /, path=None, **options):
        super().__init_subclass__(**options)
        if path is not None:
            cls.path = path
            Handler.routes[path] = cls
        cls.depth = sum(base is not object for base in cls.__mro__)

    def __class_getitem__(cls, item):
        name = f"{cls.__name__}Of{item.__name__.title()}"
        return Handler.routes.get(name) or type(name, (cls,), {"item": item}, path=name)

    def handle(self, request):
        return f"{type(self).__name__}({request})"


class Users(Handler, path="/users"):
    pass


class Admins(Users, path="/admins"):
    def handle(self, request):
        return "admin " + super().handle(request)


class Plain(Admins):
    pass


IntUsers = Users[int]
print(IntUsers.__name__, IntUsers.item, Users[int] is IntUsers)
print([cls.depth for cls in (Users, Admins, Plain, IntUsers)])
for path in ("/users", "/admins", "/none"):
    handler = Handler.routes.get(path, Plain)()
    print(path, handler.handle(len(path)))
print(list(Handler.routes), Plain.path)
