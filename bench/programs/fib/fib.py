# fib: recursive calls with one argument. The Fibonacci number of 35, the slow way.


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


print(fib(35))
