"""Lets handlers of signals run while the main thread is in native code: Ctrl-C ends a call.

Python notes a signal and runs its handler, on the main thread, when that is back at an instruction of Python.
Native code may not be for long. So a thread wakes up now and then and sets a flag in the words that such code
looks at anyway; the code then calls `@ask`, in which Python may do what it has put off:

    main thread                         words                      watching thread
    loop of native code                 flags = 0
         ·                              flags = ASK   ◄─────────── every _TICK_SECONDS
    sees flags, calls @ask              flags = 0
         takes Python's lock
         handlers of signals run ──► one raised: the exception is kept in the words, the loop ends with
         leaves the lock             status CANCELLED, and `raised_by_handler` gives the exception
    goes on where none raised

The thread sleeps for good where the main thread has not been in a call of ours for a while: who calls from
outside wakes it, which costs a look at `signal_watch.is_awake`.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from threading import get_ident, main_thread

from gossamer.limits.interrupt_word import ASK, RAISED_OFFSET, InterruptWord
from gossamer.limits.scope import CallScope
from gossamer.machine_code.compiled_code import NativeCode, is_native_code_enabled, load_native_code

_TICK_SECONDS = 0.05
_TICKS_BEFORE_SLEEP = 40
_OWN_PACKAGE = "gossamer."

_ASK_IR = f"""
declare i32 @PyGILState_Ensure()
declare void @PyGILState_Release(i32)
declare i32 @PyErr_CheckSignals()
declare void @PyErr_Fetch(ptr, ptr, ptr)

; 1 where a handler raised: %words then has what. Does nothing on other threads than the main one.
define i32 @ask(ptr %words) {{
  %state = call i32 @PyGILState_Ensure()
  %before = atomicrmw and ptr %words, i32 {~ASK} monotonic
  %raised = call i32 @PyErr_CheckSignals()
  %has_raised = icmp ne i32 %raised, 0
  br i1 %has_raised, label %keep, label %done
keep:
  %type = getelementptr i8, ptr %words, i64 {RAISED_OFFSET}
  %value = getelementptr i8, ptr %words, i64 {RAISED_OFFSET + 8}
  %traceback = getelementptr i8, ptr %words, i64 {RAISED_OFFSET + 16}
  call void @PyErr_Fetch(ptr %type, ptr %value, ptr %traceback)
  br label %done
done:
  call void @PyGILState_Release(i32 %state)
  %answer = zext i1 %has_raised to i32
  ret i32 %answer
}}
"""

_process_word = InterruptWord()
PROCESS_WORDS = ctypes.addressof(_process_word)
"""Address of the words of calls outside of any scope."""


class SignalWatch:
    """The watching thread of a process.

    Attributes:
        is_awake: the thread is at work; `wake` where it is not.
    """

    def __init__(self) -> None:
        self.is_awake = False
        self._is_running = False
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._scope_word: InterruptWord | None = None
        self._code: NativeCode | None = None

    def start_anew(self) -> None:
        """Forget the thread, which does not survive a fork; a lock may have been held by one, too."""
        self.is_awake = self._is_running = False
        self._woken = threading.Event()
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Watch from now on: the main thread is about to call native code; any other thread may call this."""
        if get_ident() != main_thread().ident:
            return
        with self._lock:
            if not self._is_running:
                # Without native code nothing has to be watched, ever.
                if is_native_code_enabled():
                    self._code = load_native_code(_ASK_IR, _python_function)
                    _process_word.ask = self._code.address("ask")
                    threading.Thread(target=self._run, name="gossamer-signals", daemon=True).start()
                # Why last: a handler of signals may raise in each of these lines.
                self._is_running = True
        self.is_awake = True
        self._woken.set()

    def words(self, scope: CallScope | None) -> int:
        """Address of what native code looks at; valid as long as the scope."""
        if scope is None:
            return PROCESS_WORDS
        word = scope.word
        if word is not self._scope_word and get_ident() == main_thread().ident:
            word.ask = _process_word.ask
            self._scope_word = word
        return ctypes.addressof(word)

    def _run(self) -> None:
        idle_ticks = 0
        while True:
            if idle_ticks > _TICKS_BEFORE_SLEEP:
                self._woken.clear()
                self.is_awake = False
                self._woken.wait()
                idle_ticks = 0
            time.sleep(_TICK_SECONDS)
            idle_ticks = 0 if _is_main_thread_calling() else idle_ticks + 1
            for word in (_process_word, self._scope_word):
                if word is not None and word.ask:
                    word.set_flag(ASK)


def _is_main_thread_calling() -> bool:
    frame = sys._current_frames().get(main_thread().ident or 0)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(_OWN_PACKAGE):
            return True
        frame = frame.f_back
    return False


def _python_function(symbol: str) -> int | None:
    return ctypes.cast(ctypes.pythonapi[symbol], ctypes.c_void_p).value


signal_watch = SignalWatch()


def raised_by_handler(scope: CallScope | None) -> BaseException | None:
    """What a handler of signals raised within native code, if that is why the code stopped; taken once.

    Args:
        scope: of the call, as `SignalWatch.words` had it.
    """
    raised = (_process_word if scope is None else scope.word).raised
    if not raised[0] or get_ident() != main_thread().ident:
        return None
    references = tuple(raised)
    raised[:] = (None, None, None)
    restore = ctypes.pythonapi.PyErr_Restore
    try:
        # Why this raises: functions of Python's API do where they leave an error behind.
        restore(*map(ctypes.c_void_p, references))
    except BaseException as error:
        return error.with_traceback(None)
    return None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=signal_watch.start_anew)
