' fib: recursive calls with one argument. The Fibonacci number of 35, the slow way.

FUNCTION fib%(n%)
    IF n < 2 THEN
        fib = n
    ELSE
        fib = fib(n - 1) + fib(n - 2)
    END IF
END FUNCTION

PRINT fib(35)
