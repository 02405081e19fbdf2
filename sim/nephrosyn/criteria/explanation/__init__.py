"""Why a patient got a category: clauses, dated rows and the sentences that state them."""
