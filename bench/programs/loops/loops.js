// loops: nested loops over whole numbers, with arithmetic and comparison.

function main() {
    const size = 7000;
    let total = 0;
    let small = 0;

    for (let i = 1; i <= size; i++) {
        for (let j = 1; j <= size; j++) {
            const rest = (i * j + small) % 7;
            if (rest < 3) {
                small = small + 1;
            } else {
                total = total + rest;
            }
        }
    }

    console.log(`${total} ${small}`);
}

main();
