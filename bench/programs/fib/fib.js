// fib: recursive calls with one argument. The Fibonacci number of 35, the slow way.

function fib(n) {
    if (n < 2) {
        return n;
    }
    return fib(n - 1) + fib(n - 2);
}

console.log(`${fib(35)}`);
