' fib: recursive calls with one argument. The Fibonacci number of 35, the slow way.

PRINT fib(35)

FUNCTION fib(n)
    IF n < 2 THEN
        RETURN n
    END IF
    RETURN fib(n - 1) + fib(n - 2)
END FUNCTION
