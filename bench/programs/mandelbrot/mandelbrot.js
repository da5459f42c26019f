// mandelbrot: arithmetic on floats. Counts the points of a grid that stay near zero, and all steps taken.

function main() {
    const size = 1200;
    const limit = 50;
    let inside = 0;
    let steps = 0;

    for (let row = 0; row < size; row++) {
        const ci = 2.0 * row / size - 1.0;
        for (let column = 0; column < size; column++) {
            const cr = 3.0 * column / size - 2.0;
            let zr = 0.0;
            let zi = 0.0;
            let zr2 = 0.0;
            let zi2 = 0.0;
            let count = 0;
            while (count < limit && zr2 + zi2 <= 4.0) {
                zi = 2.0 * zr * zi + ci;
                zr = zr2 - zi2 + cr;
                zr2 = zr * zr;
                zi2 = zi * zi;
                count = count + 1;
            }
            steps = steps + count;
            if (count === limit) {
                inside = inside + 1;
            }
        }
    }

    console.log(`${inside} ${steps}`);
}

main();
