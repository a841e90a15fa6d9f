import unittest

from plugin import Greeting, greet, plugin


class Greet(unittest.TestCase):
    def test_it_greets_by_name(self):
        self.assertEqual(greet(None, "Ada"), Greeting("Hello, Ada!"))

    def test_it_asks_for_a_name(self):
        [api] = plugin.describe()["apis"]
        [method] = api["methods"]
        self.assertEqual(method["params"]["required"], ["name"])


if __name__ == "__main__":
    unittest.main()
