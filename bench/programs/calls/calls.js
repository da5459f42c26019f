// calls: many calls of small procedures with several arguments.

function remainder(value, divisor) {
    return value % divisor;
}

function blend(a, b, weightA, weightB) {
    return remainder(a * weightA + b * weightB, 1009);
}

function clamp(value, low, high) {
    if (value < low) {
        return low;
    }
    if (value > high) {
        return high;
    }
    return value;
}

function main() {
    let value = 1;
    let total = 0;

    for (let i = 1; i <= 12000000; i++) {
        value = blend(value, i, 3, 5);
        total = (total + clamp(value, 100, 900)) % 1000000;
    }

    console.log(`${total} ${value}`);
}

main();
