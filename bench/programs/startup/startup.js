// startup: the time and memory of a program that does nothing but print.

console.log("hello");
