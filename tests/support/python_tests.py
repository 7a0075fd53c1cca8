"""Tests in Python that run_tests.py counts as it counts GoogleTest's: `python_tests.main()` at the end of a file.

Understands --gtest_output=json:FILE and --gtest_filter=PART; the cases are unittest's, named as sentences.
"""
import json
import pathlib
import sys
import unittest


class _Result(unittest.TextTestResult):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.cases = []

    def _note(self, test, **more):
        self.cases.append((type(test).__name__, getattr(test, "_testMethodName", str(test)), more))

    def addSuccess(self, test):
        super().addSuccess(test)
        self._note(test, result="COMPLETED")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, result="SKIPPED", skipped=[{"message": reason}])

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._note(test, result="COMPLETED", failures=[{"failure": "failed"}])

    def addError(self, test, error):
        super().addError(test, error)
        self._note(test, result="COMPLETED", failures=[{"failure": "error"}])


class _Loader(unittest.TestLoader):
    def getTestCaseNames(self, case):
        """As they stand in the file: a story is told in its order."""
        names = [name for kind in reversed(case.__mro__) for name in vars(kind) if name.startswith("test_")]
        return list(dict.fromkeys(names))


def main():
    report, wanted = None, ""
    for argument in sys.argv[1:]:
        if argument.startswith("--gtest_output=json:"):
            report = pathlib.Path(argument.split(":", 1)[1])
        if argument.startswith("--gtest_filter="):
            wanted = argument.split("=", 1)[1].strip("*")
    loader = _Loader()
    every = unittest.TestSuite()
    for suite in loader.loadTestsFromModule(sys.modules["__main__"]):
        every.addTests(test for test in suite if wanted in test.id())
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=_Result).run(every)
    if report:
        suites = {}
        for suite, name, more in result.cases:
            suites.setdefault(suite, []).append({"name": name, **more})
        report.write_text(json.dumps(
            {"testsuites": [{"name": name, "testsuite": cases} for name, cases in suites.items()]}))
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
