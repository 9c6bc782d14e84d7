"""The words and numbers of a report, in English and Indonesian."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tinynet.arguments import one_of
from tinynet.study.declaration import Study

LANGUAGES = ("en", "id")

# Each phrase in both languages. Where a number decides (of `n`), the form for one stands before that for more.
PHRASES: dict[str, tuple[str, str]] = {
    # Things counted
    "seeds": ("{n} seed|{n} seeds", "{n} benih acak"),
    "trials": ("{n} training|{n} trainings", "{n} pelatihan"),
    "variants": ("{n} variant|{n} variants", "{n} varian"),
    "test_samples": ("{n} test sample|{n} test samples", "{n} sampel uji"),
    "further": ("and {n} more", "dan {n} lagi"),
    # Words
    "yes": ("yes", "ya"),
    "no": ("no", "tidak"),
    "nothing": ("none", "tidak ada"),
    "with": ("with {name}", "dengan {name}"),
    "without": ("without {name}", "tanpa {name}"),
    "usual": ("usual", "acuan"),
    "to": ("{low} to {high}", "{low} sampai {high}"),
    "seconds": ("{n} s", "{n} detik"),
    "minutes": ("{n} min", "{n} menit"),
    "hours": ("{n} h", "{n} jam"),
    "macro_f1": ("macro-F1", "macro-F1"),
    "accuracy": ("accuracy", "akurasi"),
    "r2": ("R²", "R²"),
    "mae": ("mean absolute error", "galat mutlak rata-rata"),
    "rmse": ("root mean squared error", "akar galat kuadrat rata-rata"),
    # Sections
    "contents": ("Contents", "Daftar isi"),
    "conclusions": ("Conclusions", "Kesimpulan"),
    "tried": ("What was tried", "Apa yang dicoba"),
    "results": ("Results", "Hasil"),
    "comparisons": ("Comparisons", "Perbandingan"),
    "curves": ("Learning curves", "Kurva pembelajaran"),
    "classes": ("Classes", "Kelas"),
    "confusions": ("Confusion matrices", "Matriks konfusi"),
    "predictions": ("Predicted and true values", "Nilai prediksi dan nilai sebenarnya"),
    "failures": ("Failed trainings", "Pelatihan yang gagal"),
    "configuration": ("Configuration", "Konfigurasi"),
    "method": ("How the figures were found", "Cara angka-angka ini diperoleh"),
    "warnings": ("Mind this", "Perlu diperhatikan"),
    # The head
    "head": (
        "{variants}, {seeds} each, {samples}. Written on {date} by tinynet {version}.",
        "{variants}, masing-masing {seeds}, {samples}. Ditulis pada {date} oleh tinynet {version}.",
    ),
    "files": (
        "The same figures as files: results.csv has a row for each training, results.json everything.",
        "Angka yang sama dalam bentuk berkas: results.csv berisi satu baris per pelatihan, results.json berisi "
        "semuanya.",
    ),
    # What was tried
    "choice": ("Choice", "Pilihan"),
    "usual_value": ("Usual value", "Nilai acuan"),
    "values": ("Values", "Nilai yang dicoba"),
    "plan_grid": (
        "All combinations of the values were tried.",
        "Semua kombinasi nilai dicoba.",
    ),
    "plan_one_at_a_time": (
        "The usual values were tried, and every variant that differs from them in one choice.",
        "Yang dicoba adalah nilai acuan dan setiap varian yang berbeda darinya dalam satu pilihan.",
    ),
    "plan_random": (
        "Some of the combinations of the values were tried, drawn at random.",
        "Sebagian kombinasi nilai dicoba, dipilih secara acak.",
    ),
    "plan_also": (
        "Besides, these were tried: {labels}.",
        "Selain itu dicoba pula: {labels}.",
    ),
    # Conclusions
    "only_variant": (
        "Only one variant was finished, {label}: its {metric} is {mean}, the mean of {seeds} (95% interval over test "
        "samples {interval}).",
        "Hanya satu varian yang selesai, yaitu {label}: {metric}-nya {mean}, rata-rata dari {seeds} (selang 95% atas "
        "sampel uji {interval}).",
    ),
    "best_highest": (
        "The highest {metric} is that of {label}: {mean}, the mean of {seeds} (95% interval over test samples "
        "{interval}; single seeds {range}).",
        "{metric} tertinggi dicapai oleh {label}: {mean}, rata-rata dari {seeds} (selang 95% atas sampel uji "
        "{interval}; tiap benih {range}).",
    ),
    "best_lowest": (
        "The lowest {metric} is that of {label}: {mean}, the mean of {seeds} (95% interval over test samples "
        "{interval}; single seeds {range}).",
        "{metric} terendah dicapai oleh {label}: {mean}, rata-rata dari {seeds} (selang 95% atas sampel uji "
        "{interval}; tiap benih {range}).",
    ),
    "best_alone": (
        "It is better than every other variant by more than noise.",
        "Varian ini lebih baik daripada semua varian lain, dengan selisih yang melebihi derau.",
    ),
    "best_among_all": (
        "None of the other variants can be told apart from it.",
        "Tidak satu pun varian lain dapat dibedakan darinya.",
    ),
    "best_among": (
        "Not to be told apart from it: {labels}. The truly best variant is among these with 95% confidence; the "
        "others are worse by more than noise.",
        "Yang tidak dapat dibedakan darinya: {labels}. Varian yang benar-benar terbaik ada di antara ini "
        "dengan tingkat "
        "kepercayaan 95%; selebihnya lebih buruk dengan selisih yang melebihi derau.",
    ),
    "best_unknown": (
        "With one seed the noise of training is not known, so it cannot be judged which variants are really worse.",
        "Dengan satu benih acak, derau pelatihan tidak diketahui, sehingga tidak dapat dinilai varian mana yang "
        "benar-benar lebih buruk.",
    ),
    "baseline": (
        "For comparison: always predicting {name}, the most frequent class, gives a {metric} of {score}.",
        "Sebagai pembanding: selalu memprediksi {name}, kelas yang paling sering, menghasilkan {metric} {score}.",
    ),
    "baseline_mean": (
        "For comparison: always predicting the mean gives a {metric} of {score}.",
        "Sebagai pembanding: selalu memprediksi nilai rata-rata menghasilkan {metric} {score}.",
    ),
    "matters": ("makes a difference larger than noise.", "berpengaruh melebihi derau."),
    "matters_not": ("shows no difference larger than noise.", "tidak menunjukkan pengaruh yang melebihi derau."),
    "matters_unknown": ("cannot be judged with one seed.", "tidak dapat dinilai dengan satu benih acak."),
    "other_choices": ("Other choices", "Pilihan lain"),
    "other_variants": ("Other variants", "Varian lain"),
    "averaged": (
        "(Averaged over {n} combination of the other choices.)|(Averaged over {n} combinations of the other choices.)",
        "(Dirata-ratakan atas {n} kombinasi pilihan lain.)",
    ),
    "improves": (
        "{value} instead of {reference} improves the {metric} by {difference} ({interval}; {evidence}, {p}).",
        "{value} alih-alih {reference} memperbaiki {metric} sebesar {difference} ({interval}; {evidence}, {p}).",
    ),
    "worsens": (
        "{value} instead of {reference} worsens the {metric} by {difference} ({interval}; {evidence}, {p}).",
        "{value} alih-alih {reference} memperburuk {metric} sebesar {difference} ({interval}; {evidence}, {p}).",
    ),
    "changes_not": (
        "{value} instead of {reference}: {difference} ({interval}), within noise.",
        "{value} alih-alih {reference}: {difference} ({interval}), masih dalam derau.",
    ),
    "changes_hardly": (
        "{value} instead of {reference}: {difference} ({interval}), within noise when corrected for all comparisons.",
        "{value} alih-alih {reference}: {difference} ({interval}), masih dalam derau setelah koreksi untuk "
        "semua perbandingan.",
    ),
    "changes_unknown": (
        "{value} instead of {reference}: {difference} (on other test samples {interval}).",
        "{value} alih-alih {reference}: {difference} (pada sampel uji lain {interval}).",
    ),
    "within_noise": (
        "{n} other comparison lies within noise.|{n} other comparisons lie within noise.",
        "{n} perbandingan lain masih dalam derau.",
    ),
    "evidence_very_strong": ("very strong evidence", "bukti sangat kuat"),
    "evidence_strong": ("strong evidence", "bukti kuat"),
    "evidence_moderate": ("moderate evidence", "bukti sedang"),
    "noise_title": ("How large the noise is", "Seberapa besar deraunya"),
    "noise": (
        "With {samples} and {seeds} each, two variants here must typically differ by {difference} before the "
        "difference "
        "stands out from noise (at 95%, without the correction for many comparisons).",
        "Dengan {samples} dan masing-masing {seeds}, dua varian di sini umumnya harus berbeda sebesar "
        "{difference} agar "
        "selisihnya melampaui derau (pada 95%, tanpa koreksi untuk banyak perbandingan).",
    ),
    "one_class_always": (
        "All test samples are predicted as {name}, with all seeds: {label}.",
        "Semua sampel uji diprediksi sebagai {name}, pada semua benih acak: {label}.",
    ),
    "one_class": (
        "One class alone is predicted in {n} of {seeds} ({names}): {label}.",
        "Hanya satu kelas yang diprediksi pada {n} dari {seeds} ({names}): {label}.",
    ),
    "further_variants": (
        "The same of {n} more variant.|The same of {n} more variants.",
        "Begitu pula {n} varian lain.",
    ),
    "never_predicted": (
        "Never predicted by {label}: {names}.",
        "Tidak pernah diprediksi oleh {label}: {names}.",
    ),
    "some_failed": (
        "{n} of {trials} failed; the figures are those of the others.",
        "{n} dari {trials} gagal; angka-angka di sini berasal dari yang lain.",
    ),
    "no_score": (
        "{n} of {trials} has a {metric} that is no number, and is left out.|"
        "{n} of {trials} have a {metric} that is no number, and are left out.",
        "{n} dari {trials} memiliki {metric} yang bukan angka dan tidak diikutkan.",
    ),
    "all_failed": (
        "All trainings of these variants failed: {labels}.",
        "Semua pelatihan varian berikut gagal: {labels}.",
    ),
    "missing": (
        "{n} of {trials} is not done yet.|{n} of {trials} are not done yet.",
        "{n} dari {trials} belum dijalankan.",
    ),
    "overfits": (
        "Overfitting (the validation loss ends well above its lowest value while the training loss falls "
        "further): {labels}.",
        "Overfitting (loss validasi berakhir jauh di atas nilai terendahnya sementara loss pelatihan terus "
        "turun): {labels}.",
    ),
    "unfinished": (
        "Training is not finished (the loss still falls at the end, so more epochs may change the order): {labels}.",
        "Pelatihan belum tuntas (loss masih turun di akhir, sehingga epoch yang lebih banyak dapat mengubah "
        "urutannya): "
        "{labels}.",
    ),
    "diverged": (
        "The loss became infinite or no number: {labels}.",
        "Loss menjadi tak hingga atau bukan angka: {labels}.",
    ),
    "all_variants": ("all {n} variants", "semua {n} varian"),
    "seed_once": (
        "One seed shows no noise of training: each figure may lie elsewhere with another seed.",
        "Satu benih acak tidak memperlihatkan derau pelatihan: setiap angka dapat berbeda dengan benih lain.",
    ),
    # Results
    "variant": ("Variant", "Varian"),
    "seeds_head": ("Seeds", "Benih"),
    "interval_head": ("95% interval", "Selang 95%"),
    "range_head": ("Lowest to highest", "Terendah sampai tertinggi"),
    "epochs": ("Epochs", "Epoch"),
    "time": ("Training time", "Lama pelatihan"),
    "parameters": ("Parameters", "Parameter"),
    "results_note": (
        "Best first. ± is the standard deviation over seeds; the interval is where the mean would lie with other test "
        "samples (bootstrap). Variants marked ★ cannot be told apart from the best.",
        "Terbaik lebih dahulu. ± adalah simpangan baku antarbenih; selang menunjukkan letak rata-rata dengan "
        "sampel uji "
        "lain (bootstrap). Varian bertanda ★ tidak dapat dibedakan dari yang terbaik.",
    ),
    "results_note_in_order": (
        "± is the standard deviation over seeds; the interval is where the mean would lie with other test samples "
        "(bootstrap). Variants marked ★ cannot be told apart from the best.",
        "± adalah simpangan baku antarbenih; selang menunjukkan letak rata-rata dengan sampel uji lain (bootstrap). "
        "Varian bertanda ★ tidak dapat dibedakan dari yang terbaik.",
    ),
    "one_seed": ("one seed", "satu benih"),
    "mean": ("mean", "rata-rata"),
    "interval": ("95% interval (test samples)", "selang 95% (sampel uji)"),
    "reference_class": ("always the most frequent class", "selalu kelas tersering"),
    "reference_mean": ("always the mean", "selalu rata-rata"),
    "comparison_picture": (
        "{metric} of each variant: the mean of its seeds, the seeds, and the interval over test samples.",
        "{metric} setiap varian: rata-rata benihnya, tiap benih, dan selang atas sampel uji.",
    ),
    # Comparisons
    "comparisons_note": (
        "All else being equal, on the same seeds and test samples. Intervals hold 95 of 100 times, each by itself. The "
        "p values are corrected for all {n} comparisons of this table (Holm), and the verdict goes by them: a "
        "difference "
        "is called larger than noise where p is at most {level}.",
        "Semua hal lain sama, dengan benih dan sampel uji yang sama. Setiap selang secara terpisah benar 95 "
        "dari 100 kali. "
        "Nilai p dikoreksi untuk semua {n} perbandingan dalam tabel ini (Holm), dan putusan mengikutinya: "
        "selisih disebut "
        "melebihi derau bila p paling besar {level}.",
    ),
    "compared": ("Compared", "Dibandingkan"),
    "against": ("Against", "Terhadap"),
    "difference": ("Difference", "Selisih"),
    "p_head": ("p (corrected)", "p (terkoreksi)"),
    "verdict": ("Verdict", "Putusan"),
    "combinations": ("Combinations", "Kombinasi"),
    "verdict_better": ("better, larger than noise", "lebih baik, melebihi derau"),
    "verdict_worse": ("worse, larger than noise", "lebih buruk, melebihi derau"),
    "verdict_noise": ("within noise", "dalam derau"),
    "verdict_unknown": ("cannot be judged", "tidak dapat dinilai"),
    "no_comparisons": (
        "No two of the finished variants differ in one choice alone.",
        "Tidak ada dua varian yang selesai dan hanya berbeda dalam satu pilihan.",
    ),
    "differences_picture": (
        "Differences with their 95% intervals. Filled: larger than noise; hollow: within noise.",
        "Selisih dengan selang 95%. Terisi: melebihi derau; kosong: dalam derau.",
    ),
    "difference_of": ("difference of the {metric}", "selisih {metric}"),
    "better_right": ("better →", "lebih baik →"),
    "better_left": ("← better", "← lebih baik"),
    "pairs": (
        "Each pair of variants that differ in one choice",
        "Setiap pasangan varian yang berbeda dalam satu pilihan",
    ),
    "pairs_note": (
        "Intervals hold 95 of 100 times, each by itself; so of {n} of them some miss the truth.",
        "Setiap selang secara terpisah benar 95 dari 100 kali; jadi dari {n} selang, beberapa meleset.",
    ),
    # Curves
    "epoch": ("epoch", "epoch"),
    "loss": ("loss", "loss"),
    "curves_note": (
        "Thin lines are single seeds, the thick one is their mean; training is solid, validation dashed. All pictures "
        "have the same scales.",
        "Garis tipis adalah tiap benih, garis tebal rata-ratanya; garis penuh untuk pelatihan, garis putus-putus untuk "
        "validasi. Skala semua gambar sama.",
    ),
    "curves_note_training": (
        "Thin lines are single seeds, the thick one is their mean. All pictures have the same scales.",
        "Garis tipis adalah tiap benih, garis tebal rata-ratanya. Skala semua gambar sama.",
    ),
    "curves_picture": (
        "Learning curves of {label}: {logs} over the epochs, each seed and their mean.",
        "Kurva pembelajaran {label}: {logs} terhadap epoch, tiap benih dan rata-ratanya.",
    ),
    "no_curves": ("No training has logged a loss.", "Tidak ada pelatihan yang mencatat loss."),
    # Classes
    "f1_by_class": ("F1 of each class (mean of the seeds)", "F1 setiap kelas (rata-rata benih)"),
    "shares": (
        "Share of the predictions that each class gets (mean of the seeds)",
        "Bagian prediksi yang diterima setiap kelas (rata-rata benih)",
    ),
    "truly": ("true share", "bagian sebenarnya"),
    "class": ("Class", "Kelas"),
    "precision": ("Precision", "Presisi"),
    "recall": ("Recall", "Recall"),
    "f1": ("F1", "F1"),
    "support": ("Test samples", "Sampel uji"),
    "predicted_share": ("Predicted", "Diprediksi"),
    "confusions_note": (
        "Rows are the true classes, columns the predicted ones; the counts are summed over the seeds. "
        "Precision, recall "
        "and F1 are means over the seeds.",
        "Baris adalah kelas sebenarnya, kolom kelas yang diprediksi; jumlahnya dijumlahkan atas semua benih. Presisi, "
        "recall, dan F1 adalah rata-rata benih.",
    ),
    "confusions_best": (
        "The {n} best variants are drawn; the others follow as tables.",
        "Digambar {n} varian terbaik; yang lain menyusul dalam bentuk tabel.",
    ),
    "counts": ("Counts", "Jumlah"),
    "row_shares": ("Shares of the true class", "Bagian dari kelas sebenarnya"),
    "confusion_picture": (
        "Confusion matrix of {label}: {what}.",
        "Matriks konfusi {label}: {what}.",
    ),
    "true_axis": ("true", "sebenarnya"),
    "predicted_axis": ("predicted", "prediksi"),
    "true_and_predicted": ("true \\ predicted", "sebenarnya \\ prediksi"),
    "predictions_note": (
        "Each point is a test sample with one seed; on the line, the prediction is right.",
        "Setiap titik adalah satu sampel uji dengan satu benih; pada garis, prediksinya tepat.",
    ),
    "scatter_picture": (
        "Predicted against true values of {label}.",
        "Nilai prediksi terhadap nilai sebenarnya, {label}.",
    ),
    # Failed trainings
    "seed": ("Seed", "Benih"),
    "error": ("Error", "Galat"),
    # Configuration
    "setting": ("Setting", "Pengaturan"),
    "value": ("Value", "Nilai"),
    "fit_arguments": ("Arguments of fit", "Argumen fit"),
    "metrics": ("Metrics", "Metrik"),
    "compared_by": ("{metric} (variants are compared by it)", "{metric} (dasar perbandingan varian)"),
    "finished": ("Trainings", "Pelatihan"),
    "finished_of": ("{done} finished, {failed} failed", "{done} selesai, {failed} gagal"),
    "total_time": ("Training time in all", "Lama pelatihan seluruhnya"),
    "versions": ("Versions", "Versi"),
    "machine": ("Machine of this report", "Mesin penulis laporan ini"),
    "processors": (
        "{system}, {machine}, {n} processor|{system}, {machine}, {n} processors",
        "{system}, {machine}, {n} prosesor",
    ),
    # Method
    "method_intervals": (
        "Intervals of scores: the test samples are drawn {n} times with replacement, the same draws for all seeds and "
        "variants; the interval holds the middle 95% of the mean scores (percentile bootstrap). It does not "
        "contain the "
        "noise of training, which the seeds' standard deviation shows. The training data are the same throughout, so "
        "neither says what other training data would do.",
        "Selang skor: sampel uji diambil ulang {n} kali dengan pengembalian, dengan ambilan yang sama untuk "
        "semua benih dan "
        "varian; selang memuat 95% bagian tengah skor rata-rata (bootstrap persentil). Selang ini tidak memuat derau "
        "pelatihan, yang ditunjukkan oleh simpangan baku antarbenih. Data latih selalu sama, jadi keduanya tidak "
        "mengatakan apa pun tentang data latih lain.",
    ),
    "method_comparisons": (
        "Comparisons are paired: same seeds, same test samples. The variance of a mean difference is that "
        "between seeds, "
        "and the part of the test samples that all seeds share (the covariance of the seeds in the bootstrap). The "
        "interval and p are those of a t distribution with Welch and Satterthwaite's degrees of freedom. As "
        "few seeds say "
        "little of their own variance, that of the other pairs of variants counts as well (Smyth 2004), unless "
        "it is clearly "
        "smaller; and differences averaged over combinations count every training as a repetition, unless "
        "those with the "
        "same seed go up and down together.",
        "Perbandingan bersifat berpasangan: benih sama, sampel uji sama. Ragam selisih rata-rata terdiri atas ragam "
        "antarbenih dan bagian sampel uji yang dimiliki bersama oleh semua benih (kovarians antarbenih dalam "
        "bootstrap). "
        "Selang dan p berasal dari distribusi t dengan derajat kebebasan Welch dan Satterthwaite. Karena "
        "sedikit benih hanya "
        "sedikit menjelaskan ragamnya sendiri, ragam pasangan varian lain ikut diperhitungkan (Smyth 2004), "
        "kecuali jika "
        "jelas lebih kecil; dan pada selisih yang dirata-ratakan atas beberapa kombinasi, setiap pelatihan "
        "dihitung sebagai "
        "ulangan, kecuali jika pelatihan dengan benih yang sama naik turun bersama.",
    ),
    "method_best": (
        "Not to be told apart from the best are the variants whose distance from it might, with a probability "
        "above 5%, be "
        "the widest distance among equals (Tukey's studentized range). This allows for the best having been "
        "chosen by the "
        "same scores.",
        "Varian yang tidak dapat dibedakan dari yang terbaik adalah yang jaraknya dari varian itu, dengan "
        "peluang di atas "
        "5%, bisa menjadi jarak terlebar di antara varian-varian yang setara (rentang Tukey). Dengan demikian sudah "
        "diperhitungkan bahwa yang terbaik dipilih berdasarkan skor yang sama.",
    ),
    "method_rules": (
        "The conclusions are written by fixed rules from these figures, not by hand.",
        "Kesimpulan ditulis menurut aturan tetap dari angka-angka ini, bukan dengan tangan.",
    ),
}

MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split(),
}
EN_DASH, MINUS = "–", "\u2212"


class Words:
    """Phrases and numbers in one language.

    >>> Words("en")("seeds", n=1), Words("en")("seeds", n=3), Words("id")("seeds", n=3)
    ('1 seed', '3 seeds', '3 benih acak')
    >>> Words("id").number(1234.5, 2), Words("en").signed(-0.5, 1)
    ('1.234,50', '−0.5')
    """

    def __init__(self, language: str) -> None:
        self.language = one_of("the report", "language", language, LANGUAGES)
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: Any) -> str:
        """A phrase with its values; whole numbers among them are written as this language has them."""
        forms = PHRASES[key][self._column].split("|")
        form = forms[0] if values.get("n") == 1 else forms[-1]
        return form.format(**{
            name: self.whole(value) if isinstance(value, int) else value for name, value in values.items()
        })  # fmt: skip

    def capital(self, key: str, **values: Any) -> str:
        """A phrase with a capital letter in front."""
        text = self(key, **values)
        return text[:1].upper() + text[1:]

    def number(self, value: float | None, digits: int) -> str:
        """With so many digits behind the point, which is a comma in Indonesian; a dash for what is no number."""
        if value is None or not math.isfinite(value):
            return EN_DASH
        text = f"{value:,.{digits}f}"
        if not text.strip("-0.,"):
            text = text.lstrip("-")
        return self._local(text.replace("-", MINUS))

    def signed(self, value: float | None, digits: int) -> str:
        """The same with its sign."""
        text = self.number(value, digits)
        return f"+{text}" if value is not None and value > 0 and text.strip("0.,") else text

    def whole(self, value: float) -> str:
        """A whole number, in groups of three digits."""
        return self.number(value, 0)

    def percent(self, share: float | None) -> str:
        """A share of 1 in percent."""
        return EN_DASH if share is None or not math.isfinite(share) else f"{self.number(100 * share, 1)}%"

    def interval(self, low: float, high: float, digits: int, signed: bool = False) -> str:
        """From one number to another."""
        written = self.signed if signed else self.number
        return self("to", low=written(low, digits), high=written(high, digits))

    def p(self, value: float | None) -> str:
        """A p value with two digits that count; 'p' stands elsewhere."""
        if value is None:
            return EN_DASH
        if value < 0.001:
            return f"< {self.number(0.001, 3)}"
        return self.number(value, 3 if value < 0.1 else 2)

    def seconds(self, value: float) -> str:
        """A time as people say it."""
        if value < 120:
            return self("seconds", n=self.number(value, 1 if value < 10 else 0))
        if value < 7200:
            return self("minutes", n=self.number(value / 60, 1 if value < 600 else 0))
        return self("hours", n=self.number(value / 3600, 1))

    def date(self, day: datetime.date) -> str:
        """A day, such as 5 March 2026."""
        return f"{day.day} {MONTHS[self.language][day.month - 1]} {day.year}"

    def metric(self, name: str) -> str:
        """The name of a score: ours in this language, another one as it is."""
        return self(name) if name in ("macro_f1", "accuracy", "r2", "mae", "rmse") else name

    def value(self, value: Any) -> str:
        """The value of a choice or setting."""
        if isinstance(value, bool):
            return self("yes" if value else "no")
        if value is None:
            return self("nothing")
        if isinstance(value, (list, tuple)):
            return "-".join(map(self.value, value)) or EN_DASH
        if isinstance(value, Mapping):
            return ", ".join(f"{name}: {self.value(part)}" for name, part in value.items())
        return self._local(str(value)) if isinstance(value, float) else str(value)

    def label(self, study: Study, variant: Mapping[str, Any]) -> str:
        """A variant: the choices there are several values of; where one was varied at a time, only what is unusual."""
        names = [name for name, values in study.choices.items() if len(values) > 1]
        if study.plan == "one_at_a_time":
            names = [name for name in names if variant[name] != study.usual[name]]
            if not names:
                return self("usual")
        return ", ".join(self.choice(name, variant[name]) for name in names) or self("usual")

    def choice(self, name: str, value: Any) -> str:
        """A choice and its value."""
        if isinstance(value, bool):
            return self("with" if value else "without", name=name)
        return f"{name} {self.value(value)}"

    def some(self, labels: Sequence[str], most: int = 5) -> str:
        """The first few of several labels. Labels may have commas in them."""
        shown = list(labels[:most]) if len(labels) > most + 1 else list(labels)
        if len(shown) < len(labels):
            shown.append(self("further", n=len(labels) - len(shown)))
        return "; ".join(shown)

    def _local(self, text: str) -> str:
        return text.translate({ord(","): ".", ord("."): ","}) if self.language == "id" else text
