// sieve: an array read and written by index. Counts the primes below a limit, several times over.

function main() {
    const limit = 500000;
    let total = 0;

    for (let turn = 0; turn < 30; turn++) {
        const composite = [];
        for (let i = 0; i <= limit; i++) {
            composite[i] = false;
        }

        for (let i = 2; i <= limit; i++) {
            if (!composite[i]) {
                total = total + 1;
                for (let j = i + i; j <= limit; j += i) {
                    composite[j] = true;
                }
            }
        }
    }

    console.log(`${total}`);
}

main();
