// sort: a shell sort written in the script, over an array of numbers, and a filter of the sorted array.

function sort(values) {
    const count = values.length;
    let gap = 1;
    while (gap < count) {
        gap = gap * 3 + 1;
    }

    while (gap > 1) {
        gap = Math.floor(gap / 3);
        for (let i = gap; i < count; i++) {
            const value = values[i];
            let place = i;
            while (place >= gap && values[place - gap] > value) {
                values[place] = values[place - gap];
                place = place - gap;
            }
            values[place] = value;
        }
    }
}

function multiples(values, divisor) {
    const found = [];
    for (const value of values) {
        if (value % divisor === 0) {
            found.push(value);
        }
    }
    return found;
}

function main() {
    let seed = 42;
    let total = 0;
    let numbers;
    let chosen;

    for (let turn = 0; turn < 15; turn++) {
        numbers = [];
        for (let i = 0; i < 50000; i++) {
            seed = (seed * 3877 + 29573) % 139968;
            numbers.push(seed);
        }

        sort(numbers);
        chosen = multiples(numbers, 3);
        total = total + chosen.length;
    }

    console.log(`${total} ${numbers[0]} ${numbers[25000]} ${numbers[49999]} ${chosen[100]}`);
}

main();
