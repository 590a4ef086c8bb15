"""Small files of the real schemas."""

# ruff: noqa: E501
from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

ORDERS = """order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date
"b","c1","delivered",2017-10-02 00:00:00,2017-10-02 11:07:15,2017-10-04 19:55:00,2017-10-10 12:00:00,2017-10-18 00:00:00
"a","c2","delivered",2018-07-24 00:00:00,,,2018-08-07 00:00:00,2018-08-05 00:00:00
"lost","c3","canceled",2018-08-08 08:38:49,,,,2018-09-04 00:00:00
"open","c4","shipped",2017-11-01 00:00:00,,,,2017-11-10 00:00:00
"""
ITEMS = """order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
"a","1","p1","s1",2018-07-30 03:24:27,10.50,1.25
"a","2","p2","s1",2018-07-30 03:24:27,20.00,2.50
"b","1","p1","s1",2017-10-06 11:07:15,10.50,8.00
"open","1","p3","s2",2017-11-05 00:00:00,99.90,0.00
"""
PAYMENTS = """order_id,payment_sequential,payment_type,payment_installments,payment_value
"a",1,"credit_card",8,30.00
"a",2,"voucher",1,4.25
"b",1,"boleto",1,18.50
"""
REVIEWS = '''review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,review_answer_timestamp
"r1","a",1,,"late,
and ""wrong""",2018-08-01 00:00:00,2018-08-02 00:00:00
"r2","a",4,,,2018-08-08 00:00:00,2018-08-09 00:00:00
"r3","b",5,,,2017-10-11 00:00:00,2017-10-12 03:43:48
"r4","open",2,,,2017-11-20 00:00:00,2017-11-21 00:00:00
"r5","nowhere",3,,,2017-11-20 00:00:00,2017-11-21 00:00:00
'''
PRODUCTS = """product_id,product_category_name,product_name_lenght,product_description_lenght,product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm
"p1","perfumaria",40,287,1,225,16,10,14
"p2","artes",44,277,3,1025,30,18,20
"p3",,,,,3000,30,18,20
"""
OLIST = {
    "olist_orders_dataset.csv": ORDERS,
    "olist_order_items_dataset.csv": ITEMS,
    "olist_order_payments_dataset.csv": PAYMENTS,
    "olist_order_reviews_dataset.csv": REVIEWS,
    "olist_products_dataset.csv": PRODUCTS,
}

BASICS = """tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres
tt0000001\tshort\tCarmencita\tCarmencita\t0\t1894\t\\N\t1\tDocumentary,Short
tt0000002\tmovie\t"Quoted\t"Quoted\t0\t1999\t\\N\t120\tMusical
tt0000003\ttvEpisode\tUnrated\tUnrated\t0\t2001\t\\N\t42\tDrama
tt0000004\tvideoGame\tGame\tGame\t1\t\\N\t\\N\t\\N\t\\N
"""
RATINGS = """tconst\taverageRating\tnumVotes
tt0000001\t5.7\t2000
tt0000002\t7.5\t10
tt0000004\t1.0\t5
"""
MOVIES = '''"","title","year","length","budget","rating","votes","r1","r2","r3","r4","r5","r6","r7","r8","r9","r10","mpaa","Action","Animation","Comedy","Drama","Documentary","Romance","Short"
"1","$",1971,121,NA,6.4,348,4.5,4.5,4.5,4.5,14.5,24.5,24.5,14.5,4.5,4.5,"",0,0,1,1,0,0,0
"2","$1000 a Touchdown",1939,71,100,6,20,0,14.5,4.5,24.5,14.5,14.5,14.5,4.5,4.5,14.5,"R",0,0,1,0,0,0,0
"3","Short, ""cut""",1941,7,NA,8.2,5,0,0,0,0,0,24.5,0,44.5,24.5,24.5,"",0,1,0,0,0,0,1
'''


def place_olist(folder: Path) -> None:
    for name, text in OLIST.items():
        (folder / name).write_text(text, encoding="utf-8")


def place_imdb(folder: Path) -> None:
    for name, text in (("title.basics.tsv.gz", BASICS), ("title.ratings.tsv.gz", RATINGS)):
        (folder / name).write_bytes(gzip.compress(text.encode()))


def place_covtype(folder: Path, n_rows: int = 3) -> None:
    lines = [[2500 + row, *range(9), 1, *[0] * 43, row % 7 + 1] for row in range(n_rows)]
    text = "\n".join(",".join(map(str, line)) for line in lines)
    (folder / "covtype.data.gz").write_bytes(gzip.compress(text.encode()))


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def place_mnist(folder: Path, n_rows: int = 4) -> None:
    for part, count in (("train", n_rows), ("t10k", 2)):
        images = np.arange(count * 784).reshape(count, 28, 28) % 256
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(images))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(np.arange(count) % 10))
