' Answers every change of the left table with one of the right.
ON "left_side", "INSERT,UPDATE"
UPDATE "right_side", "id=1", {n: trigger.new_data.n + 1}
